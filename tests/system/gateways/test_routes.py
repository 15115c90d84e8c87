# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Who gets codes by which gateway: routes, failover, health, preference, second channels."""

import json

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.core.events import CodeFailed, CodeSent, GatewayDown
from smsotpd.journal.catalogue import message_id
from tests.fakes.providers import clicksend, ovh, sms77io, smsapi, spryngsms, telegram_bot, xmpp
from tests.fakes.providers.strict import PASSWORD
from tests.system import accounts
from tests.system.accounts import PIN
from tests.system.gateways.providers import (
    Person,
    codes_in,
    configure,
    exchanges,
    log_in,
    new_person,
    order,
)
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

ROUTES = """
[route.oncall]
groups = ["oncall"]
gateways = ["by-clicksend"]
[route.swiss]
prefixes = ["41"]
gateways = ["by-ovh", "by-seven"]
"""


@pytest.fixture(scope="module")
def routed(online: Machine) -> Machine:
    """The machine with one gateway per provider, and a group of the system's."""
    for name, simulator in (
        ("by-smsapi", smsapi.SIMULATOR),
        ("by-clicksend", clicksend.SIMULATOR),
        ("by-ovh", ovh.SIMULATOR),
        ("by-seven", sms77io.SIMULATOR),
        ("by-telegram", telegram_bot.SIMULATOR),
        ("never-replies", spryngsms.SIMULATOR),
    ):
        configure(online, name, simulator)
    words = ["--set", "server=https://xmpp.example/rest/message/chat/"]
    words += ["--set", f"sender={xmpp.SENDER}", "--set-secret", "password"]
    argv = ["smsotpctl", "gateway", "configure", "by-xmpp", "--type", "xmpp", *words]
    online.run(argv, input=f"{PASSWORD}\n")
    online.run(["groupadd", "oncall"])
    return online


def break_gateway(machine: Machine, name: str) -> None:
    """Define a gateway whose provider does not know its token."""
    configure(machine, name, smsapi.SIMULATOR, secrets={"token": "wrong-of-smsapi"})


def status(machine: Machine, name: str) -> dict[str, object]:
    argv = ["smsotpctl", "gateway", "status", name, "--json"]
    shown = machine.run(argv, check=False)
    found = json.loads(shown.stdout)
    assert (shown.returncode == Exit.FAILED) == (found["breaker"] == "open")
    assert isinstance(found, dict)
    return found


def health_of(machine: Machine, name: str) -> tuple[object, list[object]]:
    """Return the state of a gateway's breaker, and the words of its last outcomes."""
    found = status(machine, name)
    recent = found["recent"]
    assert isinstance(recent, list)
    return found["breaker"], [word for _at, word, _latency in recent]


def gateways_tried(person: Person) -> list[object]:
    """Return the gateways that failed for a person, then those that did not."""
    entries = [*person.account.journal(CodeFailed), *person.account.journal(CodeSent)]
    return [entry["SMSOTP_GATEWAY"] for entry in entries]


def test_a_country_has_a_route_of_its_own(routed: Machine) -> None:
    heidi = new_person(routed, "+4178").enrol("sms")
    ada = new_person(routed).enrol("sms")
    with accounts.settings(routed, order("by-smsapi") + ROUTES):
        log_in(heidi, host="eu.api.ovh.com")
        log_in(ada, host="api.smsapi.com")
    assert (gateways_tried(heidi), gateways_tried(ada)) == (["by-ovh"], ["by-smsapi"])


def test_a_group_of_the_system_has_a_route_of_its_own(routed: Machine, ada: Person) -> None:
    ada.enrol("sms")
    with accounts.settings(routed, order("by-smsapi") + ROUTES):
        log_in(ada, host="api.smsapi.com")
        routed.run(["usermod", "--append", "--groups", "oncall", ada.name])
        log_in(ada, host="rest.clicksend.com")
    assert gateways_tried(ada) == ["by-smsapi", "by-clicksend"]


def test_the_first_route_that_fits_is_taken(routed: Machine) -> None:
    heidi = new_person(routed, "+4178").enrol("sms")
    routed.run(["usermod", "--append", "--groups", "oncall", heidi.name])
    with accounts.settings(routed, order("by-smsapi") + ROUTES):
        log_in(heidi, host="rest.clicksend.com")


def test_a_route_fails_over_within_itself(routed: Machine) -> None:
    heidi = new_person(routed, "+4178").enrol("sms")
    routed.run(["smsotpctl", "gateway", "disable", "by-ovh"])
    try:
        with accounts.settings(routed, order("by-smsapi") + ROUTES):
            log_in(heidi, host="gateway.seven.io")
    finally:
        routed.run(["smsotpctl", "gateway", "enable", "by-ovh"])
    assert gateways_tried(heidi) == ["by-seven"]


def test_a_gateway_that_was_refused_is_passed_over_even_after_a_restart(routed: Machine) -> None:
    break_gateway(routed, "broken-once")
    first, second, third = (new_person(routed).enrol("sms") for _ in range(3))
    mark = routed.journal_mark()
    with accounts.settings(routed, order("broken-once", "by-seven")):
        log_in(first)
        assert gateways_tried(first) == ["broken-once", "by-seven"]
        assert health_of(routed, "broken-once") == ("open", ["auth"])
        log_in(second)
        assert gateways_tried(second) == ["by-seven"]
        routed.run(["systemctl", "restart", "smsotpd"])
        assert health_of(routed, "broken-once") == ("open", ["auth"])
        log_in(third)
        assert gateways_tried(third) == ["by-seven"]
    about = {"MESSAGE_ID": message_id(GatewayDown), "SMSOTP_GATEWAY": "broken-once"}
    first_told, *_ = routed.journal(after=mark, **about)
    assert first_told["SMSOTP_REASON"] == "auth"


def test_a_gateway_that_is_mended_is_used_again_at_once(routed: Machine, ada: Person) -> None:
    break_gateway(routed, "broken-then-mended")
    ada.enrol("sms")
    with accounts.settings(routed, order("broken-then-mended", "by-seven")):
        log_in(ada)
        argv = ["smsotpctl", "gateway", "configure", "broken-then-mended", "--set-secret", "token"]
        routed.run(argv, input=f"{PASSWORD}\n")
        assert health_of(routed, "broken-then-mended") == ("closed", [])
        log_in(ada, host="api.smsapi.com")
    assert gateways_tried(ada) == ["broken-then-mended", "by-seven", "broken-then-mended"]


def test_whoever_asks_is_told_that_a_gateway_is_down(routed: Machine, ada: Person) -> None:
    break_gateway(routed, "alone")
    ada.enrol("sms")
    with (
        accounts.settings(routed, order("alone")),
        SshLogin(routed, ada.name, options=("NumberOfPasswordPrompts=1",)) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        assert not login.result().granted
    asked = routed.run(["smsotpctl", "gateway", "status", "alone"], check=False)
    assert asked.returncode == Exit.FAILED
    assert "the gateway alone is down" in asked.stderr
    configure(routed, "alone", smsapi.SIMULATOR)
    asked = routed.run(["smsotpctl", "gateway", "status", "alone"])
    assert "12.30 points" in asked.stdout


def test_after_a_silence_the_next_gateway_sends_the_same_code(routed: Machine, ada: Person) -> None:
    ada.enrol("sms")
    quick = order("never-replies", "by-seven") + "deadline_seconds = 4\n"
    with accounts.settings(routed, quick):
        log_in(ada, host="gateway.seven.io")
    [swallowed] = [each for each in exchanges(routed) if each.is_about(ada.number) and each.is_mute]
    assert swallowed.host == "rest.spryngsms.com"
    assert codes_in(swallowed.text) == [ada.code("gateway.seven.io")]
    [failed] = ada.account.journal(CodeFailed)
    assert (failed["SMSOTP_OUTCOME"], failed["SMSOTP_ERROR_CLASS"]) == ("unknown", "ambiguous")


def test_a_user_gets_codes_by_the_channel_that_it_prefers(routed: Machine, ada: Person) -> None:
    ada.enrol("sms", "telegram")
    with accounts.settings(routed, order("by-telegram", "by-smsapi")):
        log_in(ada, "sms", "api.smsapi.com")
        routed.run(["smsotpctl", "user", "prefer", ada.name, "telegram"])
        log_in(ada, "telegram", "api.telegram.org")
    assert gateways_tried(ada) == ["by-smsapi", "by-telegram"]


def test_the_second_channel_saves_the_login_where_the_first_fails(
    routed: Machine, ada: Person
) -> None:
    break_gateway(routed, "broken-for-sms")
    ada.enrol("sms", "xmpp")
    with accounts.settings(routed, order("broken-for-sms", "by-xmpp")):
        log_in(ada, "xmpp", "xmpp.example")
    assert gateways_tried(ada) == ["broken-for-sms", "by-xmpp"]


def test_codes_go_by_sms_again_where_the_second_channel_was_dropped(
    routed: Machine, ada: Person
) -> None:
    ada.enrol("xmpp", "sms")
    routed.run(["smsotpctl", "user", "drop", ada.name, "xmpp"])
    with accounts.settings(routed, order("by-xmpp", "by-smsapi")):
        log_in(ada, "sms", "api.smsapi.com")
