# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The native terminal in common-auth, written by hand as smsotpctl(8) shows."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.cli.exit import Exit
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

PATH: Final = "/etc/pam.d/common-auth"
LINE: Final = "auth  requisite  pam_smsotp.so\n"


@pytest.fixture(scope="module", autouse=True)
def by_hand(machine: Machine) -> Iterator[None]:
    """The line behind the last one of common-auth."""
    before = machine.read_text(PATH)
    assert before.endswith("# end of pam-auth-update config\n")
    machine.write_text(PATH, before + LINE)
    yield
    machine.write_text(PATH, before)


@pytest.fixture(scope="module")
def service(machine: Machine) -> Iterator[str]:
    """A service that includes common-auth alone."""
    machine.write_text("/etc/pam.d/includes-it", "@include common-auth\n@include common-account\n")
    yield "includes-it"
    machine.run(["rm", "/etc/pam.d/includes-it"])


def outcome(account: Account, service: str, *answers: str) -> str:
    """Try a login, and return its outcome."""
    words = ["smsotpctl", "service", "test", service, account.name, "--answers-stdin", "--json"]
    given = "".join(f"{answer}\n" for answer in answers)
    done = account.machine.run(words, input=given, check=False)
    return str(json.loads(done.stdout)["outcome"])


def test_pin_and_code_are_asked_after_the_password(service: str, alice: Account) -> None:
    assert outcome(alice, service, PASSWORD, PIN) == "PAM_CONV_ERR"
    assert outcome(alice, service, PASSWORD, PIN, alice.code()) == "PAM_SUCCESS"
    assert len(alice.messages()) == 1


def test_a_wrong_password_ends_it_and_sends_nothing(service: str, alice: Account) -> None:
    assert outcome(alice, service, "wrong", PIN) == "PAM_AUTH_ERR"
    assert alice.messages() == []


def test_who_is_not_enrolled_is_not_let_in(service: str, machine: Machine) -> None:
    stranger = accounts.new_account(machine)
    assert outcome(stranger, service, PASSWORD, PIN) == "PAM_AUTH_ERR"


def test_pam_auth_update_keeps_the_line(machine: Machine) -> None:
    machine.run(["pam-auth-update", "--package"])
    assert machine.read_text(PATH).endswith(LINE)


def test_no_single_service_is_enabled_beside_it(machine: Machine) -> None:
    refused = machine.run(
        ["smsotpctl", "service", "enable", "chfn", "--terminal", "native"], check=False
    )
    assert refused.returncode == Exit.REFUSED
    assert "common-auth" in refused.stderr
    assert "asks for a code already" in refused.stderr


def test_the_list_finds_no_fault_with_it(machine: Machine) -> None:
    listed = json.loads(
        machine.run(["smsotpctl", "service", "list", "common-auth", "--json"]).stdout
    )
    [entry] = listed
    assert (entry["state"], entry["terminal"]) == ("by hand", "native")
    assert not [note for note in entry["notes"] if "unsafe" in note]


def test_the_doctor_finds_no_error_in_the_stacks(machine: Machine) -> None:
    examined = machine.run(["smsotpctl", "doctor", "--json"], check=False)
    found = json.loads(examined.stdout)["findings"]
    assert [each for each in found if each["check"] == "pam" and each["severity"] == "error"] == []
