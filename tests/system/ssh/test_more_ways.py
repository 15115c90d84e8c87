# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins without the phone: an authenticator, a recovery code, root's code; and a dead gateway."""

from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.core.events import (
    BreakGlassExpired,
    BreakGlassMade,
    BreakGlassUsed,
    LoginGranted,
    RecoveryCodeUsed,
)
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.more_ways import add_app, ask, next_code
from tests.system.ssh.server import ONE_TRY, prove_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

ONLY_DEAD: Final = '[gateways]\norder = ["nobody-listens"]\n'
NOBODY_LISTENS: Final = ("URL=http://127.0.0.1:9/sms", "TIMEOUT=2", "RETURN_SUCCESS=queued")
WHY: Final = "phone lost, ticket 4711"


def kinds(account: Account) -> list[object]:
    """Return by which kinds of codes the account was let in."""
    return [entry["SMSOTP_KIND"] for entry in account.journal(LoginGranted)]


@pytest.fixture
def dead_gateway(server: Machine) -> Iterator[Machine]:
    """The server with a gateway at whose address nobody listens, and no other in use."""
    settings = [*NOBODY_LISTENS, "option.to={phone}", "option.text={otp}"]
    words = [word for setting in settings for word in ("--set", setting)]
    command = ["smsotpctl", "gateway", "configure", "nobody-listens", "--type", "http"]
    server.run([*command, *words])
    with accounts.settings(server, ONLY_DEAD):
        yield server
    server.run(["smsotpctl", "gateway", "remove", "nobody-listens", "--yes"])


def test_the_apps_code_is_typed_in_place_of_the_sent_one_and_only_once(alice: Account) -> None:
    code = next_code(add_app(alice))
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        shown = login.expect_prompt(f"Code sent to {alice.masked}: ")
        assert "? tells what else may be typed." in shown
        login.answer("?")
        shown = login.expect_prompt(f"Code was already sent to {alice.masked}: ")
        assert "Your authenticator's code may be typed." in shown
        login.answer(code)
        assert login.result().granted
    assert kinds(alice) == ["authenticator"]
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        prove_pin(login, alice)
        login.answer(code)
        login.expect_prompt("Wrong code, 2 tries left.")
        login.answer(alice.code())
        assert login.result().granted


def test_with_the_app_first_no_message_is_sent(server: Machine, alice: Account) -> None:
    app = add_app(alice)
    with (
        accounts.settings(server, '[policy.sshd]\nfirst = "authenticator"\n'),
        SshLogin(server, alice.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt("Authenticator code (r: send one): ")
        login.answer(next_code(app))
        assert login.result().granted
    assert alice.codes() == []


def test_a_recovery_code_lets_in_once_and_the_journal_counts_them(alice: Account) -> None:
    codes = ask(alice, "recovery", alice.name)["codes"]
    assert isinstance(codes, list)
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        prove_pin(login, alice)
        login.answer(codes[0])
        assert login.result().granted
    [used] = alice.journal(RecoveryCodeUsed)
    assert (used["SMSOTP_LETTER"], used["SMSOTP_LEFT"]) == ("A", "9")
    assert codes[0] not in accounts.journal_text(alice.machine)
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        prove_pin(login, alice)
        login.answer(codes[0])
        login.expect_prompt("Wrong code, 2 tries left.")
        login.answer(codes[9].lower().replace("-", " "))
        assert login.result().granted
    assert alice.facts()["recovery_codes"] == 8


def test_roots_code_lets_in_once_and_is_in_the_journal_from_beginning_to_end(
    alice: Account,
) -> None:
    command = ("break-glass", alice.name, "--for", "15m", "--reason", WHY)
    code = str(ask(alice, *command)["code"])
    with SshLogin(alice.machine, alice.name, options=ONE_TRY) as login:
        prove_pin(login, alice)
        login.answer(code)
        assert login.result().granted
    [made], [used] = alice.journal(BreakGlassMade), alice.journal(BreakGlassUsed)
    assert (made["SMSOTP_REASON"], made["SMSOTP_BY_UID"]) == (WHY, "0")
    assert made["SMSOTP_DURATION_MS"] == "900000"
    assert (used["SMSOTP_REASON"], used["SMSOTP_SERVICE"]) == (WHY, "sshd")
    assert code not in accounts.journal_text(alice.machine)
    assert kinds(alice) == ["break-glass"]
    told = f"a code that lets {alice.name} in once was made"
    wait_until(lambda: any(told in text for text in alice.messages()), 10, "the phone is told")
    assert not any(part in text for text in alice.messages() for part in code.split("-"))


def test_roots_code_that_nobody_used_expires_in_the_journal(alice: Account) -> None:
    ask(alice, "break-glass", alice.name, "--for", "60s", "--reason", WHY)
    wait_until(lambda: bool(alice.journal(BreakGlassExpired)), 150, "the code expires")
    assert alice.facts()["has_break_glass"] is False


def test_a_login_survives_a_dead_gateway(dead_gateway: Machine, alice: Account) -> None:
    app = add_app(alice)
    with SshLogin(dead_gateway, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt("No code could be sent. Authenticator code: ")
        login.answer(next_code(app))
        assert login.result().granted
    assert alice.codes() == []


def test_a_dead_gateway_still_ends_the_login_of_who_has_nothing_else(
    dead_gateway: Machine, bob: Account
) -> None:
    with SshLogin(dead_gateway, bob.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt("The code could not be sent. Ask an administrator. (Enter) ")
        login.answer("")
        assert not login.result().granted
