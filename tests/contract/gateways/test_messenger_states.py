# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How WhatsApp's sessions and accounts and a Telegram bot are, as their servers tell."""

from dataclasses import replace

import pytest

from smsotpd.core.report import Condition, Report
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, close, reply
from tests.fakes.providers import gowhatsapp, telegram_bot, whatsapp, whatsapp_business
from tests.fakes.providers.gowhatsapp import ACCOUNT, GowhatsappState, Slot
from tests.fakes.providers.strict import Simulator, StrictProvider
from tests.fakes.providers.whatsapp_business import Template

SIMULATORS = (
    whatsapp.SIMULATOR,
    gowhatsapp.SIMULATOR,
    whatsapp_business.SIMULATOR,
    telegram_bot.SIMULATOR,
)
_EACH = pytest.mark.parametrize("simulator", SIMULATORS, ids=lambda each: each.gateway_id)


async def _inspect(carry: Carry, simulator: Simulator, answers: Answer, **settings: str) -> Report:
    with HttpProvider(answers) as provider:
        url = {simulator.url_setting: provider.url}
        report = await carry.inspect(
            simulator.gateway_id, {**url, **simulator.settings, **settings}, simulator.secrets
        )
    if isinstance(answers, StrictProvider):
        assert answers.violations == []
    assert ACCOUNT not in f"{report!r}"
    return report


@_EACH
async def test_what_works_is_ready(carry: Carry, simulator: Simulator) -> None:
    report = await _inspect(carry, simulator, simulator.provider())
    assert report.condition is Condition.READY


@_EACH
async def test_wrong_credentials_are_down(carry: Carry, simulator: Simulator) -> None:
    wrong = replace(simulator, secrets=dict.fromkeys(simulator.secrets, f"9{telegram_bot.TOKEN}"))
    if simulator is gowhatsapp.SIMULATOR:
        wrong = replace(simulator, secrets={"password": "wrong-password"})
    report = await _inspect(carry, wrong, simulator.provider())
    assert report.condition is Condition.DOWN
    assert "credentials" in report.summary


@_EACH
@pytest.mark.parametrize(
    "answer", [reply(404), reply(500), reply(200, "<html>"), reply(200, "null"), close]
)
async def test_a_server_that_is_none_is_down(
    carry: Carry, simulator: Simulator, answer: Answer
) -> None:
    report = await _inspect(carry, simulator, answer)
    assert report.condition is Condition.DOWN


async def test_a_bot_is_shown_by_its_name(carry: Carry) -> None:
    report = await _inspect(carry, telegram_bot.SIMULATOR, telegram_bot.telegram_bot())
    assert report.facts == (("Bot", "@codes_bot"), ("Name", "Codes"))


@pytest.mark.parametrize(
    ("sessions", "message", "condition", "word"),
    [
        ({}, "session_not_connected", Condition.DOWN, "no such session"),
        ({"smsotp": "OPENING"}, "session_not_connected", Condition.DEGRADED, "connecting"),
        ({"smsotp": "UNPAIRED"}, "session_not_connected", Condition.DOWN, "not linked"),
        ({"smsotp": None}, "session_not_connected", Condition.DOWN, "not linked"),
        ({"smsotp": None}, "browser tab closed", Condition.DOWN, "browser"),
        ({"smsotp": None}, "Protocol error", Condition.DOWN, "refuses"),
    ],
)
async def test_a_session_tells_what_is_wrong_with_it(
    carry: Carry, sessions: dict[str, str | None], message: str, condition: Condition, word: str
) -> None:
    state = whatsapp.WhatsappState(sessions, message)
    report = await _inspect(carry, whatsapp.SIMULATOR, whatsapp.whatsapp(state))
    assert report.condition is condition
    assert word in report.summary


async def test_a_linked_device_tells_whose_it_is(carry: Carry) -> None:
    answers = gowhatsapp.SIMULATOR.provider()
    report = await _inspect(carry, gowhatsapp.SIMULATOR, answers)
    assert report.facts == (
        ("Verified name", "Example\N{REPLACEMENT CHARACTER}[2J GmbH"),
        ("Status", "At work"),
        ("Linked devices", "3"),
    )


@pytest.mark.parametrize(
    ("slots", "device", "condition", "word"),
    [
        ({}, "smsotp", Condition.DOWN, "no such device"),
        ({}, "", Condition.DOWN, "no such device"),
        ({"other": Slot(ACCOUNT, "logged_in")}, "smsotp", Condition.DOWN, "no such device"),
        ({"smsotp": Slot()}, "smsotp", Condition.DOWN, "logged out"),
        ({"smsotp": Slot("", "connected")}, "smsotp", Condition.DOWN, "logged out"),
        ({"smsotp": Slot(ACCOUNT, "disconnected")}, "smsotp", Condition.DEGRADED, "interrupted"),
        ({"smsotp": Slot(ACCOUNT, "connecting")}, "", Condition.DEGRADED, "interrupted"),
        ({"a": Slot(ACCOUNT, "logged_in"), "b": Slot()}, "", Condition.DOWN, "several"),
    ],
    ids=[
        "none", "none, unnamed", "another", "logged out, place kept", "waiting to be linked",
        "disconnected", "connecting", "several",
    ],
)  # fmt: skip
async def test_a_device_tells_what_is_wrong_with_it(
    carry: Carry, slots: dict[str, Slot], device: str, condition: Condition, word: str
) -> None:
    answers = gowhatsapp.gowhatsapp(GowhatsappState(slots))
    report = await _inspect(carry, gowhatsapp.SIMULATOR, answers, device_id=device)
    assert report.condition is condition
    assert word in report.summary


@pytest.mark.parametrize(
    ("path", "status", "condition"),
    [
        ("/devices", 500, Condition.DOWN),
        ("/devices", 404, Condition.DOWN),
        ("/user/info", 500, Condition.READY),
    ],
)
async def test_a_part_that_the_server_does_not_tell_is_left_out(
    carry: Carry, path: str, status: int, condition: Condition
) -> None:
    slot = Slot(ACCOUNT, "logged_in" if condition is Condition.READY else "disconnected")
    answers = gowhatsapp.gowhatsapp(GowhatsappState({"smsotp": slot}))

    def answer(received: Received, line: Line) -> None:
        (reply(status, "x") if received.path == path else answers)(received, line)

    report = await _inspect(carry, gowhatsapp.SIMULATOR, answer)
    assert report.condition is condition
    assert report.facts == ()


async def test_the_account_of_a_number_and_its_template_are_shown(carry: Carry) -> None:
    report = await _inspect(
        carry,
        whatsapp_business.SIMULATOR,
        whatsapp_business.whatsapp_business(),
        business_account_id=whatsapp_business.ACCOUNT_ID,
    )
    assert report.condition is Condition.READY
    assert dict(report.facts) == {
        "Verified name": "Example GmbH",
        "Verification": "VERIFIED",
        "Quality": "GREEN",
        "Template": "APPROVED",
        "Category": "AUTHENTICATION",
    }


@pytest.mark.parametrize(
    ("templates", "settings", "word"),
    [
        ((), {}, "no such template"),
        ((Template(language="de"),), {}, "no such template"),
        ((Template(status="PAUSED"),), {}, "not approved"),
        ((Template(category="UTILITY"),), {}, "another kind"),
        ((Template(),), {"template_kind": "code"}, "another kind"),
    ],
    ids=["none", "another language", "paused", "without a button", "with a button"],
)
async def test_a_template_that_cannot_be_sent_is_down(
    carry: Carry, templates: tuple[Template, ...], settings: dict[str, str], word: str
) -> None:
    answers = whatsapp_business.whatsapp_business(templates)
    account = {"business_account_id": whatsapp_business.ACCOUNT_ID}
    report = await _inspect(carry, whatsapp_business.SIMULATOR, answers, **account, **settings)
    assert report.condition is Condition.DOWN
    assert word in report.summary


async def test_a_template_is_looked_for_on_every_page(carry: Carry) -> None:
    others = tuple(Template(language=f"{letter}x") for letter in "abcd")
    report = await _inspect(
        carry,
        whatsapp_business.SIMULATOR,
        whatsapp_business.whatsapp_business((*others, Template()), page=2),
        business_account_id=whatsapp_business.ACCOUNT_ID,
    )
    assert report.condition is Condition.READY


async def test_a_list_of_templates_without_an_end_is_given_up(carry: Carry) -> None:
    others = tuple(Template(language=f"{letter}x") for letter in "abcdefghijkl")
    report = await _inspect(
        carry,
        whatsapp_business.SIMULATOR,
        whatsapp_business.whatsapp_business((*others, Template())),
        business_account_id=whatsapp_business.ACCOUNT_ID,
    )
    assert report.condition is Condition.DOWN


async def test_an_account_that_the_token_may_not_read_is_worth_a_look(carry: Carry) -> None:
    answers = whatsapp_business.whatsapp_business()
    report = await _inspect(carry, whatsapp_business.SIMULATOR, answers, business_account_id="1")
    assert report.condition is Condition.DEGRADED
    assert report.summary.startswith("the template: ")


async def test_a_number_that_recipients_complain_of_is_degraded(carry: Carry) -> None:
    answers = whatsapp_business.whatsapp_business(quality="RED")
    report = await _inspect(carry, whatsapp_business.SIMULATOR, answers)
    assert report.condition is Condition.DEGRADED
