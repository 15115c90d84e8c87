# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl policy` explains what a login meets, and says what is wrong with a file."""

import json
from typing import Any

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost

CHECKS = [
    ["required_groups", "member of none of these", ""],
    ["trusted_networks", "192.0.2.7 is in 192.0.2.0/24", "/etc/smsotp/smsotpd.toml:3"],
]
WRONG = {
    "file": "/tmp/a.toml", "key": "policy.sshd.resent", "line": 2,
    "complaint": "is no key", "text": "/tmp/a.toml:2: policy.sshd.resent: is no key",
}  # fmt: skip
RIGHT = {"file": "", "key": "", "line": 0, "complaint": "", "text": ""}


class Daemon(FakeDaemon):
    """A daemon that explains, and that remembers hosts of anna."""

    asked: tuple[str, ...] = ()

    def _ExplainPolicy(self, *login: str) -> dict[str, Any]:  # noqa: N802  # named like the bus member
        self.asked = login
        return {
            "checks": CHECKS, "treatment": "pin-alone", "mode": "conversation",
            "result": "the PIN alone is asked for",
            "codes": ["sent", "recovery"], "first": "sent", "at_hand": ["recovery: 3 left"],
        }  # fmt: skip

    def _ForgetHosts(self, user: str) -> int:  # noqa: N802  # named like the bus member
        if user != "anna":
            raise CliError("no user of that name is enrolled", exit_code=Exit.NOT_FOUND)
        return 2


@pytest.fixture
def daemon() -> FakeDaemon:
    return Daemon()


def test_an_explanation_names_each_rule_its_line_and_the_end(
    shell: Shell, daemon: FakeDaemon
) -> None:
    lines = shell.run("policy", "explain", "anna", "sshd", "192.0.2.7").output.splitlines()
    assert " ".join(lines[1].split()) == "required_groups member of none of these the default"
    assert lines[2].endswith("/etc/smsotp/smsotpd.toml:3")
    assert lines[-3] == "The last line decides: the PIN alone is asked for."
    assert isinstance(daemon, Daemon)
    assert daemon.asked == ("anna", "sshd", "192.0.2.7")


def test_without_an_address_a_local_login_is_explained(shell: Shell, daemon: FakeDaemon) -> None:
    shell.run("policy", "explain", "anna", "sudo")
    assert isinstance(daemon, Daemon)
    assert daemon.asked == ("anna", "sudo", "")


def test_an_explanation_is_there_for_programs(shell: Shell) -> None:
    explained = json.loads(shell.run("policy", "explain", "anna", "sshd", "--json").output)
    assert explained["treatment"] == "pin-alone"
    assert explained["checks"][1]["source"] == "/etc/smsotp/smsotpd.toml:3"
    assert explained["checks"][0]["source"] == ""


def test_a_file_that_is_right_is_called_so(shell: Shell, host: FakeHost) -> None:
    host.answers["smsotpd"] = Finished(0, json.dumps(RIGHT))
    done = shell.run("policy", "check", "/tmp/a.toml")
    assert (done.exit_code, done.output) == (0, "nothing wrong\n")
    assert host.ran == [("smsotpd", "--check-file", "/tmp/a.toml", "--json")]
    assert shell.run("policy", "check").exit_code == 0
    assert host.ran[-1] == ("smsotpd", "--check", "--json")
    assert json.loads(shell.run("policy", "check", "--json").output) == RIGHT


def test_a_mistake_is_told_with_file_line_and_key(shell: Shell, host: FakeHost) -> None:
    host.answers["smsotpd"] = Finished(78, json.dumps(WRONG))
    done = shell.run("policy", "check", "/tmp/a.toml")
    assert done.exit_code == Exit.FAILED
    assert "/tmp/a.toml:2: policy.sshd.resent: is no key" in done.output
    done = shell.run("policy", "check", "/tmp/a.toml", "--json")
    assert (done.exit_code, json.loads(done.output)) == (Exit.FAILED, WRONG)


def test_without_the_daemons_program_nothing_is_called_right(shell: Shell, host: FakeHost) -> None:
    host.answers["smsotpd"] = Finished(127, "", "smsotpd: not found")
    done = shell.run("policy", "check")
    assert done.exit_code == Exit.FAILED
    assert "not found" in done.output


def test_remembered_hosts_are_forgotten(shell: Shell) -> None:
    assert "hosts forgotten: 2." in shell.run("user", "forget-hosts", "anna").output
    found = shell.run("user", "forget-hosts", "anna", "--json").output
    assert json.loads(found) == {"hosts": 2}
    assert shell.run("user", "forget-hosts", "ben").exit_code == Exit.NOT_FOUND


def test_all_mistakes_are_told(shell: Shell, host: FakeHost) -> None:
    second = {**WRONG, "text": "/tmp/a.toml:3: policy.sshd.code_digits: must be a whole number"}
    found = {**WRONG, "mistakes": [WRONG, second]}
    host.answers["smsotpd"] = Finished(78, json.dumps(found))

    done = shell.run("policy", "check", "/tmp/a.toml")

    assert done.exit_code == Exit.FAILED
    assert "/tmp/a.toml:2: policy.sshd.resent: is no key" in done.output
    assert "/tmp/a.toml:3: policy.sshd.code_digits: must be a whole number" in done.output


def test_it_says_which_codes_count_and_which_the_user_has(shell: Shell) -> None:
    shown = shell.run("policy", "explain", "anna", "sshd").output
    assert "Codes accepted: sent, recovery; first: sent." in shown
    assert "The user has: recovery: 3 left." in shown
