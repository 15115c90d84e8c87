# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Gateways that deliver, fail or hang, seen from the login that waits for them."""

import json
import re
import time
from pathlib import Path
from typing import Final

import pytest

from smsotpd.core.events import CodeFailed, CodeSent, LoginDenied
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh import provider
from tests.system.ssh.server import ONE_TRY, log_in, prove_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

RECEIVED: Final = "/run/received-by-the-provider"


URLS: Final = {
    "live": f"http://127.0.0.1:{provider.PORT}/sms",
    "slow": f"http://127.0.0.1:{provider.PORT}/slow",
    "dead": "http://127.0.0.1:9/sms",  # where nobody listens
}


def order(*names: str) -> str:
    return f"[gateways]\norder = {json.dumps(names)}\n"


@pytest.fixture(scope="module")
def phones(server: Machine) -> Machine:
    """The server with an SMS provider that listens."""
    server.copy_in(Path(provider.__file__), "/root/provider.py")
    server.run(["systemd-run", "--unit=provider", "python3", "/root/provider.py", RECEIVED])
    listening = f"/dev/tcp/127.0.0.1/{provider.PORT}"
    wait_until(
        lambda: server.run(["bash", "-c", f": < {listening}"], check=False).returncode == 0,
        10,
        "the provider listens",
    )
    return server


@pytest.fixture
def gateways(phones: Machine) -> Machine:
    """The same with gateways of which nothing is known yet; the order decides which are used."""
    for name, url in URLS.items():
        given = [f"URL={url}", "TIMEOUT=5", "RETURN_SUCCESS=queued"]
        given += ["option.to={phone}", "option.text={otp}"]
        words = [word for setting in given for word in ("--set", setting)]
        phones.run(["smsotpctl", "gateway", "configure", name, "--type", "http", *words])
    return phones


def received(machine: Machine, account: Account) -> list[str]:
    """Return the texts that the provider was given for an account, answered or not."""
    read = machine.run(["cat", RECEIVED], check=False).stdout
    requests = [json.loads(line) for line in read.splitlines()]
    return [request["text"] for request in requests if request["to"] == account.phone]


def test_a_code_arrives_by_http(gateways: Machine, alice: Account) -> None:
    with (
        accounts.settings(gateways, order("live")),
        SshLogin(gateways, alice.name) as login,
    ):
        prove_pin(login, alice)
        [text] = received(gateways, alice)
        login.answer(re.findall(r"\b\d{6}\b", text)[0])
        assert login.result().granted
    [sent] = alice.journal(CodeSent)
    assert sent["SMSOTP_GATEWAY"] == "live"


def test_the_second_gateway_saves_the_login_where_the_first_is_dead(
    gateways: Machine, alice: Account
) -> None:
    with accounts.settings(gateways, order("dead", "outbox")):
        log_in(alice)
    [failed], [sent] = alice.journal(CodeFailed), alice.journal(CodeSent)
    assert (failed["SMSOTP_GATEWAY"], sent["SMSOTP_GATEWAY"]) == ("dead", "outbox")


def test_a_gateway_that_failed_of_late_is_passed_over(gateways: Machine, alice: Account) -> None:
    with accounts.settings(gateways, order("dead", "outbox")):
        for _ in range(3):
            log_in(alice)
        assert len(alice.journal(CodeFailed)) == 3
        log_in(alice)
    assert len(alice.journal(CodeFailed)) == 3
    assert len(alice.journal(CodeSent)) == 4


def test_a_login_ends_where_no_gateway_takes_the_code(gateways: Machine, alice: Account) -> None:
    with (
        accounts.settings(gateways, order("dead")),
        SshLogin(gateways, alice.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt("The code could not be sent. Ask an administrator. (Enter) ")
        login.answer("")
        assert not login.result().granted
    [denied] = alice.journal(LoginDenied)
    assert denied["SMSOTP_REASON"] == "the code could not be sent"


def test_a_failed_sending_costs_no_waiting(gateways: Machine, alice: Account) -> None:
    with (
        accounts.settings(gateways, order("dead")),
        SshLogin(gateways, alice.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.result()
    log_in(alice)


def test_a_slow_gateway_delays_no_other_login(
    gateways: Machine, alice: Account, bob: Account
) -> None:
    with SshLogin(gateways, alice.name, options=ONE_TRY) as waiting:
        with accounts.settings(gateways, order("slow")):
            waiting.expect_prompt("PIN: ")
            waiting.answer(PIN)
            wait_until(lambda: received(gateways, alice), 5, "the provider has the message")
        begun = time.monotonic()
        log_in(bob)
        assert time.monotonic() - begun < 3
        assert alice.journal(CodeFailed) == [], "the other one still waits for its gateway"
        waiting.expect_prompt("The code may be late; r asks for another.")
        waiting.expect_prompt(f"Code sent to {alice.masked}: ")


def test_a_slow_gateway_leaves_time_for_the_second(gateways: Machine, alice: Account) -> None:
    quick = order("slow", "outbox") + "deadline_seconds = 4\n"
    with accounts.settings(gateways, quick), SshLogin(gateways, alice.name) as login:
        begun = time.monotonic()
        prove_pin(login, alice)
        assert time.monotonic() - begun < 4
        login.answer(alice.code())
        assert login.result().granted
