# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An address among the arguments is refused, with what to do, and not repeated."""

import pytest

from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

ADDRESSES = ("+491701234567", "0170 1234567", "2f0b8f6c@xmpp.example", "@1234567")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("setup --yes --phone", "--address-fd"),
        ("setup --yes --address", "--address-fd"),
        ("user enrol anna --no-verify --phone", "--address-fd"),
        ("user enrol anna --no-verify", "--address-fd"),
        ("self enrol --phone", "--address-fd"),
        ("self number", "--address-fd"),
        ("gateway test main --to", "--to-fd"),
        ("gateway test main", "--to-fd"),
        ("modem send-test gsm --to", "--to-fd"),
    ],
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_refused_and_not_repeated(
    words: str, option: str, address: str, shell: Shell, daemon: FakeDaemon
) -> None:
    *others, last = words.split()
    forms = [(*others, last, address)]
    if last in {"--phone", "--address", "--to"}:
        forms.append((*others, f"{last}={address}"))
    for form in forms:
        result = shell.run(*form, typed="8259\n")

        assert result.exit_code == Exit.USAGE, form
        assert "every user of this machine can read it" in result.output
        assert f"scripts give it by {option} FD" in result.output
        assert address not in result.output
        assert "1234567" not in result.output
    assert daemon.calls == []


def test_an_address_where_a_descriptor_belongs_is_not_taken_for_one(shell: Shell) -> None:
    for address in ("+491701234567", "491701234567", "-1", "3.0", "\u0663"):
        result = shell.run("user", "enrol", "anna", "--no-verify", "--address-fd", address)

        assert result.exit_code == Exit.USAGE
        assert "must be the number of an open file descriptor" in result.output
        assert address not in result.output
    closed = shell.run("user", "enrol", "anna", "--no-verify", "--address-fd", "999999")
    assert closed.exit_code == Exit.USAGE
    assert "file descriptor 999999: Bad file descriptor" in closed.output


@pytest.mark.parametrize("words", ["user enrol", "user enrol anna --nonsense", "user enrol a b",
                                   "gateway test", "setup --rollback soon"])  # fmt: skip
def test_other_mistakes_are_told_as_what_they_are(words: str, shell: Shell) -> None:
    result = shell.run(*words.split())

    assert result.exit_code == Exit.USAGE
    assert "address" not in result.output
    assert "Error: " in result.output
