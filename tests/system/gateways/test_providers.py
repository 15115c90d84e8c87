# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins by ssh through providers that are reached where they really are: name, port, TLS."""

import json
from typing import Final

import pytest

from smsotpd.core.events import CodeFailed, CodeSent
from tests.fakes.providers import (
    clicksend,
    ovh,
    serwersms,
    sms77io,
    smsapi,
    smsglobal,
    telegram_bot,
    websms_de,
    whatsapp_business,
)
from tests.fakes.providers.strict import Simulator
from tests.system import accounts
from tests.system.gateways.providers import Person, configure, exchanges, log_in, order
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

PROVIDERS: Final = (
    pytest.param(smsapi.SIMULATOR, "sms", "api.smsapi.com", id="form"),
    pytest.param(sms77io.SIMULATOR, "sms", "gateway.seven.io", id="form, 200 for everything"),
    pytest.param(clicksend.SIMULATOR, "sms", "rest.clicksend.com", id="JSON"),
    pytest.param(ovh.SIMULATOR, "sms", "eu.api.ovh.com", id="signed dialogue"),
    pytest.param(telegram_bot.SIMULATOR, "telegram", "api.telegram.org", id="Telegram"),
    pytest.param(whatsapp_business.SIMULATOR, "whatsapp", "graph.facebook.com", id="WhatsApp"),
)


@pytest.mark.parametrize(("simulator", "channel", "host"), PROVIDERS)
def test_a_code_comes_from_the_providers_own_host(
    online: Machine, ada: Person, simulator: Simulator, channel: str, host: str
) -> None:
    name = f"real-{simulator.gateway_id.replace('_', '-')}"
    configure(online, name, simulator)
    ada.enrol(channel)
    with accounts.settings(online, order(name)):
        log_in(ada, channel, host)
    [sent] = ada.account.journal(CodeSent)
    assert sent["SMSOTP_GATEWAY"] == name
    assert sent["SMSOTP_RECIPIENT"] == ada.masked(channel)
    assert len(ada.received()) == 1


def test_the_balance_is_asked_of_the_same_host(online: Machine) -> None:
    configure(online, "balance", clicksend.SIMULATOR)
    shown = online.run(["smsotpctl", "gateway", "status", "balance", "--json"]).stdout
    status = json.loads(shown)
    assert status["condition"] == "ready"
    assert status["facts"] == [["Balance", "2.01 USD"]]


def test_wrong_credentials_let_the_next_gateway_send_the_code(online: Machine, ada: Person) -> None:
    configure(online, "wrong-token", smsapi.SIMULATOR, secrets={"token": "wrong-of-smsapi"})
    configure(online, "right-key", sms77io.SIMULATOR)
    ada.enrol("sms")
    with accounts.settings(online, order("wrong-token", "right-key")):
        log_in(ada, host="gateway.seven.io")
    [failed], [sent] = ada.account.journal(CodeFailed), ada.account.journal(CodeSent)
    assert (failed["SMSOTP_GATEWAY"], failed["SMSOTP_ERROR_CLASS"]) == ("wrong-token", "auth")
    assert sent["SMSOTP_GATEWAY"] == "right-key"
    assert len(ada.received()) == 1


def test_a_host_with_another_authoritys_certificate_is_told_nothing(
    online: Machine, ada: Person
) -> None:
    configure(online, "impostor", serwersms.SIMULATOR)
    configure(online, "genuine", clicksend.SIMULATOR)
    ada.enrol("sms")
    with accounts.settings(online, order("impostor", "genuine")):
        log_in(ada, host="rest.clicksend.com")
    [failed] = ada.account.journal(CodeFailed)
    assert failed["SMSOTP_GATEWAY"] == "impostor"
    assert failed["SMSOTP_DETAIL"] == "TLS: the certificate is signed by an unknown authority"
    assert [each for each in exchanges(online) if each.host == "api2.serwersms.pl"] == []


def test_a_certificate_for_another_name_is_told_nothing(online: Machine, ada: Person) -> None:
    hosts = online.read_text("/etc/hosts")
    [address] = {line.split()[0] for line in hosts.splitlines() if "api.smsapi.com" in line}
    online.write_text("/etc/hosts", f"{hosts}{address} api.websms.com\n")
    configure(online, "misled", websms_de.SIMULATOR)
    configure(online, "not-misled", clicksend.SIMULATOR)
    ada.enrol("sms")
    with accounts.settings(online, order("misled", "not-misled")):
        log_in(ada, host="rest.clicksend.com")
    [failed] = ada.account.journal(CodeFailed)
    assert failed["SMSOTP_DETAIL"] == "TLS: the certificate is for another host name"
    assert len([each for each in exchanges(online) if each.is_about(ada.number)]) == 1


def test_a_name_that_is_not_found_costs_no_time(online: Machine, ada: Person) -> None:
    configure(online, "nowhere", smsglobal.SIMULATOR)
    configure(online, "somewhere", clicksend.SIMULATOR)
    ada.enrol("sms")
    with accounts.settings(online, order("nowhere", "somewhere")):
        log_in(ada, host="rest.clicksend.com")
    [failed] = ada.account.journal(CodeFailed)
    assert failed["SMSOTP_GATEWAY"] == "nowhere"
    detail = "the host name of the gateway or its proxy is not found"
    assert failed["SMSOTP_DETAIL"] == detail
    assert int(str(failed["SMSOTP_LATENCY_MS"])) < 2000
