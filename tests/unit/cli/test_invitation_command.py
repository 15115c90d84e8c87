# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl user invite` and `invitations`, and `self enrol --invited`."""

import json

from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon


def test_it_is_printed_once_for_three_days(ready: Shell) -> None:
    result = ready.run("user", "invite", "anna")
    assert result.exit_code == Exit.DONE
    assert result.output.splitlines()[0] == "YK7Q-anna-259200"


def test_its_time_can_be_chosen(ready: Shell) -> None:
    shown = ready.run("user", "invite", "anna", "--for", "2h", "--json")
    assert json.loads(shown.stdout) == {
        "user": "anna",
        "invitation": "YK7Q-anna-7200",
        "seconds": 7200,
    }


def test_it_is_taken_back(ready: Shell, daemon: FakeDaemon) -> None:
    assert ready.run("user", "invite", "anna", "--revoke").exit_code == Exit.DONE
    assert "RevokeInvitation" in daemon.calls
    assert "InviteUser" not in daemon.calls


def test_those_that_are_out_are_listed(ready: Shell) -> None:
    assert "anna" in ready.run("user", "invitations").output
    assert json.loads(ready.run("user", "invitations", "--json").output)[0]["user"] == "anna"
