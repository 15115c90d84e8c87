# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What sudo's users may ask of the daemon themselves, past sudo: a login of their own only."""

import subprocess

import pytest

from smsotpd.core.events import LoginCancelled
from tests.system.accounts import Account, open_transactions
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

BEGIN = (
    "busctl", "call", "org.smsotp1", "/org/smsotp1", "org.smsotp1.Authentication", "Begin", "a{sv}",
)  # fmt: skip


def begin(caller: Account, user: str) -> subprocess.CompletedProcess[str]:
    """Open a login of a user for sudo, over the bus, with the caller's own uid."""
    context = ["2", "user", "s", user, "service", "s", "sudo"]
    return caller.machine.run([*BEGIN, *context], user=caller.name, check=False)


def test_a_user_may_not_begin_a_login_for_root(alice: Account) -> None:
    refused = begin(alice, "root")
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert "only root may authenticate other users" in refused.stderr
    assert open_transactions(alice.machine) == 0


def test_a_user_may_not_begin_a_login_for_another_user(alice: Account, bob: Account) -> None:
    refused = begin(alice, bob.name)
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert bob.messages() == []


def test_a_user_may_begin_its_own_login_which_ends_with_the_connection(alice: Account) -> None:
    begun = begin(alice, alice.name)
    assert begun.returncode == 0
    assert '"hidden" "PIN: "' in begun.stdout
    wait_until(lambda: alice.journal(LoginCancelled), 1, "the daemon has cancelled the login")


@pytest.mark.parametrize("method", ["ListUsers", "ListGateways", "Status"])
def test_a_user_may_not_administer(alice: Account, method: str) -> None:
    words = ["busctl", "call", "org.smsotp1", "/org/smsotp1", "org.smsotp1.Admin", method]
    alice.machine.run(words)
    refused = alice.machine.run(words, user=alice.name, check=False)
    assert refused.returncode != 0
    assert refused.stdout == ""


def test_a_user_may_not_take_the_name_of_the_daemon(alice: Account) -> None:
    call = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName"]
    words = ["busctl", "call", *call, "su", "org.smsotp1", "0"]
    refused = alice.machine.run(words, user=alice.name, check=False)
    assert refused.returncode != 0
    assert "Access denied" in refused.stderr
