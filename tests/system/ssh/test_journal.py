# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The journal tells the story of every login, field by field, and no secret of it."""

import pytest

from smsotpd.core.events import (
    CodeFailed,
    CodeNotSent,
    CodeSent,
    EnrolmentChanged,
    LoginCancelled,
    LoginDenied,
    LoginGranted,
    UserLocked,
)
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import (
    ONE_TRY,
    kill_client,
    log_in,
    prove_pin,
    wait_until_nothing_is_open,
)
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

LOCALHOST = "::1"


def ours(entry: dict[str, object]) -> dict[str, object]:
    """Return an entry's fields about the login, without those that differ from run to run."""
    named = {name: value for name, value in entry.items() if name.startswith("SMSOTP_")}
    named.pop("SMSOTP_TRANSACTION", None)
    return named


def number_in(entry: dict[str, object], field: str) -> int:
    return int(str(entry[field]))


def give_pin(account: Account, pin: str) -> None:
    """Make one attempt that ends with the PIN."""
    with SshLogin(account.machine, account.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(pin)
        assert not login.result().granted


def who(account: Account) -> dict[str, object]:
    return {
        "SMSOTP_USER": account.name,
        "SMSOTP_SERVICE": "sshd",
        "SMSOTP_RHOST": LOCALHOST,
        "SMSOTP_TTY": "ssh",
    }


def test_a_granted_login(alice: Account) -> None:
    log_in(alice)
    [sent], [granted] = alice.journal(CodeSent), alice.journal(LoginGranted)
    assert 0 <= number_in(sent, "SMSOTP_LATENCY_MS") < 5000
    assert 0 < number_in(granted, "SMSOTP_DURATION_MS") < 10_000
    about = who(alice) | {"SMSOTP_GATEWAY": "outbox", "SMSOTP_RECIPIENT": alice.masked}
    assert ours(sent) == about | {"SMSOTP_LATENCY_MS": sent["SMSOTP_LATENCY_MS"]}
    took = {"SMSOTP_KIND": "sent", "SMSOTP_DURATION_MS": granted["SMSOTP_DURATION_MS"]}
    assert ours(granted) == who(alice) | took
    assert sent["SMSOTP_TRANSACTION"] == granted["SMSOTP_TRANSACTION"]
    assert granted["MESSAGE"] == f"Login of {alice.name} to sshd granted"


def test_a_denied_login(alice: Account) -> None:
    give_pin(alice, "wrong")
    [denied] = alice.journal(LoginDenied)
    assert ours(denied) == who(alice) | {"SMSOTP_REASON": "wrong PIN"}
    assert denied["PRIORITY"] == "5"
    assert denied["SMSOTP_TRANSACTION"]


def test_a_cancelled_login(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        # Not by closing its terminal: an ssh may take that for an empty answer, and send it.
        kill_client(alice)
        wait_until_nothing_is_open(server)
    [cancelled] = alice.journal(LoginCancelled)
    # sshd ends its PAM process by a signal and by a closed socket: either may be seen first.
    assert cancelled["SMSOTP_REASON"] in {"the program left", "given up"}
    assert ours(cancelled) == who(alice) | {"SMSOTP_REASON": cancelled["SMSOTP_REASON"]}


def test_a_code_that_no_gateway_took(server: Machine, alice: Account) -> None:
    url = "http://127.0.0.1:9/?key=not-for-the-journal"
    words = ["--set", f"URL={url}", "--set", "option.text={otp}"]
    server.run(["smsotpctl", "gateway", "configure", "closed", "--type", "http", *words])
    with accounts.settings(server, '[gateways]\norder = ["closed"]\n'):
        give_pin(alice, PIN)
    [failed], [denied] = alice.journal(CodeFailed), alice.journal(LoginDenied)
    assert ours(failed) == who(alice) | {
        "SMSOTP_GATEWAY": "closed",
        "SMSOTP_RECIPIENT": alice.masked,
        "SMSOTP_OUTCOME": "deferred",
        "SMSOTP_ERROR_CLASS": "temporary",
        "SMSOTP_DETAIL": failed["SMSOTP_DETAIL"],
        "SMSOTP_LATENCY_MS": failed["SMSOTP_LATENCY_MS"],
    }
    assert failed["PRIORITY"] == "3"
    assert denied["SMSOTP_REASON"] == "the code could not be sent"
    assert "not-for-the-journal" not in str(server.journal())


def test_a_code_that_a_limit_forbids(alice: Account) -> None:
    with SshLogin(alice.machine, alice.name) as login:
        prove_pin(login, alice)
        login.answer("r")
        login.expect_prompt("No new code for ")
    [not_sent] = alice.journal(CodeNotSent)
    assert ours(not_sent) == who(alice) | {"SMSOTP_REASON": "cooldown"}


def test_a_locked_user(server: Machine, alice: Account) -> None:
    with accounts.settings(server, "[limits]\nfailures_to_lock = 2\n"):
        give_pin(alice, "wrong")
        give_pin(alice, "wrong too")
        give_pin(alice, PIN)
    [locked] = alice.journal(UserLocked)
    assert ours(locked) == who(alice) | {"SMSOTP_FAILURES": "2", "SMSOTP_DISABLED": "False"}
    reasons = [entry["SMSOTP_REASON"] for entry in alice.journal(LoginDenied)]
    assert reasons == ["wrong PIN", "wrong PIN", "locked"]


def test_an_enrolment_names_the_administrator(alice: Account) -> None:
    [enrolled] = alice.journal(EnrolmentChanged)
    assert ours(enrolled) == {
        "SMSOTP_USER": alice.name,
        "SMSOTP_CHANGE": "enrolled",
        "SMSOTP_BY_UID": "0",
    }


def test_the_catalogue_explains_a_denial(alice: Account) -> None:
    give_pin(alice, "wrong")
    [denied] = alice.journal(LoginDenied)
    words = ["journalctl", "--catalog", "--no-pager", f"MESSAGE_ID={denied['MESSAGE_ID']}"]
    explained = alice.machine.run([*words, f"SMSOTP_USER={alice.name}"]).stdout
    assert "Defined-By: pam-smsotp" in explained


def test_nothing_in_the_journal_is_secret(server: Machine, alice: Account) -> None:
    log_in(alice)
    give_pin(alice, f"{PIN} ")
    assert alice.name in accounts.journal_text(server)
    assert len(accounts.outbox(server)) > 0
    assert accounts.secrets_in_journal(server) == []
