# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The life of a code: kept for the next connection, sent anew on request, dead in the end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import prove_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

RESENDS_AT_ONCE = "[limits]\nresend_seconds = 0\n"
SHORTEST_LIFE = 30  # code_seconds may be no less


@dataclass(frozen=True, slots=True)
class Ageing:
    """A login at its code prompt, and when its code has expired, by the monotonic clock."""

    account: Account
    login: SshLogin
    dead: float


@pytest.fixture(scope="module", autouse=True)
def ageing(server: Machine) -> Iterator[Ageing]:
    """Begun before the other tests of this module, which run while the code grows old."""
    account = accounts.enrol(accounts.new_account(server))
    policy = f"[policy.sshd]\ncode_seconds = {SHORTEST_LIFE}\n"
    with SshLogin(server, account.name) as login:
        with accounts.settings(server, policy):
            # The rules of a login are those of its beginning.
            prove_pin(login, account)
        yield Ageing(account, login, time.monotonic() + SHORTEST_LIFE)


def test_the_next_connection_takes_the_code_of_the_first(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
    with SshLogin(alice.machine, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code was already sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1


def test_two_logins_at_once_cost_one_message_and_the_code_lets_one_in(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as first, SshLogin(alice.machine, alice.name) as other:
        prove_pin(first, alice)
        other.expect_prompt("PIN: ")
        other.answer(PIN)
        other.expect_prompt(f"Code was already sent to {alice.masked}: ")
        first.answer(alice.code())
        assert first.result().granted
        other.answer(alice.code())
        other.expect_prompt("This code has expired.")
    assert len(alice.messages()) == 1


def test_another_code_has_to_wait_and_the_first_stays_good(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        login.answer("r")
        shown = login.expect_prompt("s. Code: ")
        assert "No new code for " in shown
        assert len(alice.messages()) == 1
        login.answer(alice.code())
        assert login.result().granted


def test_another_code_replaces_the_first(server: Machine, alice: Account) -> None:
    with (
        accounts.settings(server, RESENDS_AT_ONCE),
        SshLogin(server, alice.name) as login,
    ):
        prove_pin(login, alice)
        login.answer("r")
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        first, second = alice.codes()
        login.answer(first)
        login.expect_prompt("Wrong code, 2 tries left.")
        login.answer(second)
        assert login.result().granted


def test_another_code_gives_back_no_tries(server: Machine, alice: Account) -> None:
    with (
        accounts.settings(server, RESENDS_AT_ONCE),
        SshLogin(server, alice.name) as login,
    ):
        prove_pin(login, alice)
        login.answer(alice.wrong_code())
        login.expect_prompt("2 tries left.")
        login.answer("r")
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer(alice.wrong_code())
        login.expect_prompt("1 try left.")
        login.answer(alice.wrong_code())
        assert not login.result().granted


def test_no_more_codes_than_the_policy_allows(server: Machine, alice: Account) -> None:
    with (
        accounts.settings(server, RESENDS_AT_ONCE + "[policy.sshd]\nresends = 1\n"),
        SshLogin(server, alice.name) as login,
    ):
        prove_pin(login, alice)
        login.answer("r")
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer("r")
        login.expect_prompt("No more new codes. Code: ")
        assert len(alice.messages()) == 2
        login.answer(alice.code())
        assert login.result().granted


def test_an_expired_code_is_refused_and_another_may_be_sent(ageing: Ageing) -> None:
    left = max(0.0, ageing.dead - time.monotonic())
    wait_until(lambda: time.monotonic() > ageing.dead, left + 1, "the code has expired")
    ageing.login.answer(ageing.account.code())
    ageing.login.expect_prompt("This code has expired. r sends a new one: ")
    ageing.login.answer("r")
    ageing.login.expect_prompt(f"Code sent to {ageing.account.masked}: ")
    ageing.login.answer(ageing.account.code())
    assert ageing.login.result().granted
    assert len(ageing.account.messages()) == 2
