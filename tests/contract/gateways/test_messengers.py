# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""WhatsApp in three ways and a Telegram bot against strict simulators, over real connections."""

import json

import pytest

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.catalogue import GATEWAYS
from tests.contract.gateways.conftest import Carry
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, close, hang, raw, reply
from tests.fakes.providers import gowhatsapp, telegram_bot, whatsapp, whatsapp_business
from tests.fakes.providers.strict import Case, Simulator
from tests.fakes.specs import assert_fits, published

SIMULATORS = (
    whatsapp.SIMULATOR,
    gowhatsapp.SIMULATOR,
    whatsapp_business.SIMULATOR,
    telegram_bot.SIMULATOR,
)
DIALOGUES = SIMULATORS[:2]

_EACH = pytest.mark.parametrize("simulator", SIMULATORS, ids=lambda each: each.gateway_id)
_PASSING = {ErrorClass.RATE, ErrorClass.TEMPORARY}
_CHANNELS = {gateway.id: gateway.channel for gateway in GATEWAYS}
_JSON_BODY = "requestBody/content/application~1json/schema"


async def _send(
    carry: Carry, simulator: Simulator, url: str, case: Case | None = None, deadline: float = 10.0
) -> Outcome:
    changed = case or Case("", ErrorClass.REJECTED)
    return await carry(
        simulator.gateway_id,
        {simulator.url_setting: url, **simulator.settings, **changed.settings},
        {**simulator.secrets, **changed.secrets},
        number=changed.number or simulator.number,
        text=changed.text or simulator.text,
        code="013579",
        channel=_CHANNELS[simulator.gateway_id],
        deadline=deadline,
    )


@_EACH
async def test_a_strict_provider_takes_the_message(carry: Carry, simulator: Simulator) -> None:
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, simulator, provider.url)
    assert answers.violations == []
    assert outcome == Accepted(simulator.message_id)


@_EACH
async def test_a_base_with_a_path_and_a_slash_is_kept(carry: Carry, simulator: Simulator) -> None:
    answers = simulator.provider()

    def below(received: Received, line: Line) -> None:
        assert received.target.startswith("/below/")
        inner = Received(received.method, received.target[6:], received.headers, received.body)
        answers(inner, line)

    with HttpProvider(below) as provider:
        outcome = await _send(carry, simulator, f"{provider.url}/below/")
    assert answers.violations == []
    assert outcome == Accepted(simulator.message_id)


@pytest.mark.parametrize(
    ("simulator", "case"),
    [
        pytest.param(simulator, case, id=f"{simulator.gateway_id}: {case.name}")
        for simulator in SIMULATORS
        for case in simulator.failures
    ],
)
async def test_a_refusal_is_seen_with_its_class(
    carry: Carry, simulator: Simulator, case: Case
) -> None:
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, simulator, provider.url, case)
    assert answers.violations == []
    assert isinstance(outcome, Deferred if case.error_class in _PASSING else Rejected)
    assert outcome.error_class == case.error_class


@_EACH
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_outage_is_temporary(carry: Carry, simulator: Simulator, status: int) -> None:
    with HttpProvider(reply(status, "<h1>Bad Gateway</h1>")) as provider:
        outcome = await _send(carry, simulator, provider.url)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class == ErrorClass.TEMPORARY


@_EACH
async def test_a_server_that_is_not_there_is_temporary(carry: Carry, simulator: Simulator) -> None:
    with HttpProvider(close) as provider:
        url = provider.url
    outcome = await _send(carry, simulator, url)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class == ErrorClass.TEMPORARY


@_EACH
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, ""),
        reply(200, "<html><h1>Please log in</h1></html>"),
        reply(200, "{"),
        reply(200, "null"),
        reply(200, '"SUCCESS"'),
        reply(200, b'{"ok": true, "success": true, "code": "SUCCESS\xff\xfe"}'),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n{"),
        close,
    ],
    ids=["empty", "page", "half", "null", "text", "bytes", "truncated", "closed"],
)
async def test_what_nobody_can_read_is_never_taken_for_sent(
    carry: Carry, simulator: Simulator, answer: Answer
) -> None:
    with HttpProvider(answer) as provider:
        outcome = await _send(carry, simulator, provider.url)
    assert isinstance(outcome, Unknown | Rejected | Deferred)


@_EACH
async def test_a_redirect_is_not_followed(carry: Carry, simulator: Simulator) -> None:
    with HttpProvider(reply(302, "", Location="/login")) as provider:
        outcome = await _send(carry, simulator, provider.url)
    assert isinstance(outcome, Rejected)
    assert len(provider.received) == 1


@pytest.mark.parametrize("simulator", DIALOGUES, ids=lambda each: each.gateway_id)
@pytest.mark.parametrize("broken", [close, hang], ids=["closed", "hanging"])
@pytest.mark.parametrize("at", [0, 1], ids=["look-up", "message"])
async def test_a_message_is_ambiguous_only_once_it_was_handed_over(
    carry: Carry, simulator: Simulator, broken: Answer, at: int
) -> None:
    answers = simulator.provider()

    def answer(received: Received, line: Line) -> None:
        (broken if len(provider.received) > at else answers)(received, line)

    with HttpProvider(answer) as provider:
        outcome = await _send(carry, simulator, provider.url, deadline=1.0)
    assert len(provider.received) == at + 1
    assert isinstance(outcome, Unknown if at else Deferred)


async def test_a_message_that_whatsapp_did_not_confirm_in_time_is_ambiguous(carry: Carry) -> None:
    answers = gowhatsapp.SIMULATOR.provider()

    def answer(received: Received, line: Line) -> None:
        if received.path == "/send/message":
            reply(504, gowhatsapp.envelope(504, "GATEWAY_TIMEOUT").body)(received, line)
        else:
            answers(received, line)

    with HttpProvider(answer) as provider:
        outcome = await _send(carry, gowhatsapp.SIMULATOR, provider.url)
    assert outcome == Unknown("the gateway did not hear from WhatsApp in time (HTTP 504)")


async def test_a_bots_flood_wait_is_told(carry: Carry) -> None:
    case = Case("", ErrorClass.RATE, number="1000000429")
    with HttpProvider(telegram_bot.telegram_bot()) as provider:
        outcome = await _send(carry, telegram_bot.SIMULATOR, provider.url, case)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_after == 17.0


async def test_a_number_with_a_hidden_id_is_written_to_by_it(carry: Carry) -> None:
    state = whatsapp.WhatsappState()
    case = Case("", ErrorClass.REJECTED, number=whatsapp.HIDDEN_ID)
    answers = whatsapp.whatsapp(state)
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, whatsapp.SIMULATOR, provider.url, case)
    assert answers.violations == []
    assert outcome == Accepted(whatsapp.MESSAGE)
    assert state.sent == [(f"{whatsapp.HIDDEN_ID[1:]}@lid", whatsapp.SIMULATOR.text)]


@pytest.mark.parametrize(
    ("state", "error_class"),
    [("OPENING", ErrorClass.TEMPORARY), ("UNPAIRED", ErrorClass.AUTH), (None, ErrorClass.AUTH)],
)
async def test_a_session_that_is_not_connected_is_judged_by_its_state(
    carry: Carry, state: str | None, error_class: ErrorClass
) -> None:
    answers = whatsapp.whatsapp(whatsapp.WhatsappState({"smsotp": state}))
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, whatsapp.SIMULATOR, provider.url)
    assert answers.violations == []
    assert isinstance(outcome, Deferred | Rejected)
    assert outcome.error_class == error_class


@pytest.mark.parametrize("device", ["smsotp", "TwoFactor Gateway/ü%2F", ""])
async def test_a_device_of_any_name_is_found(carry: Carry, device: str) -> None:
    slots = {device or "smsotp": gowhatsapp.Slot(gowhatsapp.ACCOUNT, "logged_in")}
    state = gowhatsapp.GowhatsappState(slots)
    answers = gowhatsapp.gowhatsapp(state)
    case = Case("", ErrorClass.REJECTED, settings={"device_id": device})
    with HttpProvider(answers) as provider:
        outcome = await _send(carry, gowhatsapp.SIMULATOR, provider.url, case)
    assert answers.violations == []
    assert outcome == Accepted(gowhatsapp.MESSAGE)
    assert [name for name, _, _ in state.sent] == [device or "smsotp"]


@pytest.mark.parametrize("device", ["smsotp", ""])
async def test_a_device_that_is_logged_out_is_no_way(carry: Carry, device: str) -> None:
    slots = {"smsotp": gowhatsapp.Slot(), **({} if device else {"other": gowhatsapp.Slot()})}
    case = Case("", ErrorClass.REJECTED, settings={"device_id": device})
    with HttpProvider(gowhatsapp.gowhatsapp(gowhatsapp.GowhatsappState(slots))) as provider:
        outcome = await _send(carry, gowhatsapp.SIMULATOR, provider.url, case)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class == ErrorClass.AUTH


@pytest.mark.parametrize(
    ("kind", "text", "parameter"),
    [("code", "ignored", "013579"), ("text", "Code\n 013579", "Code 013579")],
)
async def test_a_template_of_ones_own_takes_code_or_text(
    carry: Carry, kind: str, text: str, parameter: str
) -> None:
    simulator = whatsapp_business.SIMULATOR
    settings = {"template_name": "own_text", "template_language": "de", "template_kind": kind}
    answers = simulator.provider()
    with HttpProvider(answers) as provider:
        case = Case("", ErrorClass.REJECTED, settings=settings, text=text)
        outcome = await _send(carry, simulator, provider.url, case)
    assert answers.violations == []
    assert outcome == Accepted(simulator.message_id)
    (component,) = json.loads(provider.received[0].body)["template"]["components"]
    assert component["parameters"] == [{"type": "text", "text": parameter}]


async def test_what_wwebjs_api_is_sent_fits_its_published_description(carry: Carry) -> None:
    description = published("wwebjs-api-swagger.json")
    with HttpProvider(whatsapp.SIMULATOR.provider()) as provider:
        await _send(carry, whatsapp.SIMULATOR, provider.url)
    look_up, message = (json.loads(each.body) for each in provider.received)
    # Its own example has a text as content, where its schema wants an object.
    assert isinstance(message.pop("content"), str)
    for name, body in (("getNumberId", look_up), ("sendMessage", message)):
        pointer = f"#/paths/~1client~1{name}~1{{sessionId}}/post/{_JSON_BODY}"
        assert_fits(description, pointer, body)


async def test_what_gowhatsapp_is_sent_fits_its_published_description(carry: Carry) -> None:
    description = published("gowhatsapp-openapi.yaml")
    with HttpProvider(gowhatsapp.SIMULATOR.provider()) as provider:
        await _send(carry, gowhatsapp.SIMULATOR, provider.url)
    body = json.loads(provider.received[-1].body)
    assert_fits(description, f"#/paths/~1send~1message/post/{_JSON_BODY}", body)
    queried = description["paths"]["/user/check"]["get"]["parameters"]
    assert {name for name, _ in provider.received[0].query} <= {
        each["name"] for each in queried if each.get("in") == "query"
    }


async def test_what_the_cloud_api_is_sent_fits_its_published_description(carry: Carry) -> None:
    description = published("meta-business-messaging-api_v23.0.yaml")
    with HttpProvider(whatsapp_business.SIMULATOR.provider()) as provider:
        await _send(carry, whatsapp_business.SIMULATOR, provider.url)
    body = json.loads(provider.received[0].body)
    for component in body["template"]["components"]:
        # The pattern of an index refuses 0, which is its own example.
        component.pop("index", None)
        assert_fits(description, "#/components/schemas/TemplateComponent", component)
    assert_fits(description, "#/components/schemas/TemplateObject", body["template"])
    assert_fits(description, "#/components/schemas/TemplateMessage", body)


async def test_what_telegram_is_sent_fits_its_published_description(carry: Carry) -> None:
    description = published("telegram-bot-api.json")
    with HttpProvider(telegram_bot.SIMULATOR.provider()) as provider:
        await _send(carry, telegram_bot.SIMULATOR, provider.url)
    body = json.loads(provider.received[0].body)
    fields = {each["name"]: each for each in description["methods"]["sendMessage"]["fields"]}
    names = {int: "Integer", str: "String", dict: "LinkPreviewOptions"}
    for name, value in body.items():
        assert names[type(value)] in fields[name]["types"]
    assert {name for name, each in fields.items() if each["required"]} <= set(body)
    options = {each["name"] for each in description["types"]["LinkPreviewOptions"]["fields"]}
    assert set(body["link_preview_options"]) <= options
