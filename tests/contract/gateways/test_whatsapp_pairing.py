# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking a WhatsApp account: by QR code to wwebjs-api, by pairing code to GoWhatsApp."""

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS
from smsotpd.gateways.sender import GatewaySender
from tests.fakes.administrator import Administrator
from tests.fakes.http_provider import Answer, HttpProvider, Line, Received, reply
from tests.fakes.providers import gowhatsapp, whatsapp
from tests.fakes.providers.gowhatsapp import ACCOUNT, PAIRING_CODE, GowhatsappState, Slot
from tests.fakes.providers.strict import PASSWORD, StrictProvider, json_reply
from tests.fakes.providers.whatsapp import WhatsappState

_TYPES = {gateway.id: gateway for gateway in GATEWAYS}
_NUMBER = f"+{ACCOUNT}"


def _pair(
    type_id: str, answers: Answer, settings: dict[str, str], secrets: dict[str, str], *typed: str
) -> tuple[Administrator, Report]:
    with HttpProvider(answers) as provider:
        given = {"base_url": provider.url, **settings}
        administrator = Administrator(_TYPES[type_id], given, secrets, list(typed))
        report = administrator.pair()
    if isinstance(answers, StrictProvider):
        assert answers.violations == []
    assert administrator.answers == []
    return administrator, report


def _scan(answers: Answer) -> tuple[Administrator, Report]:
    return _pair("whatsapp", answers, {}, {"api_key": PASSWORD})


def _link(answers: Answer, *typed: str, **settings: str) -> tuple[Administrator, Report]:
    user = {"username": gowhatsapp.USER, "phone": _NUMBER}
    return _pair("gowhatsapp", answers, {**user, **settings}, {"password": PASSWORD}, *typed)


def test_a_new_session_is_started_and_its_code_shown_until_it_is_scanned() -> None:
    state = WhatsappState({}, looks_until_scanned=5)
    administrator, report = _scan(whatsapp.whatsapp(state))
    assert state.started == ["/session/start/smsotp"]
    assert report.condition is Condition.READY
    # Shown again only when the server has a new one; not at all while it has none.
    assert [each.content for each in administrator.codes] == ["2@1,x/y+z=,1", "2@2,x/y+z=,1"]
    assert all(each.is_qr for each in administrator.codes)


def test_a_session_that_lost_its_phone_is_scanned_again_without_a_start() -> None:
    state = WhatsappState({"smsotp": "UNPAIRED"})
    administrator, report = _scan(whatsapp.whatsapp(state))
    assert state.started == []
    assert len(administrator.codes) == 1
    assert report.condition is Condition.READY


@pytest.mark.parametrize("message", ["browser tab closed", "session closed"])
def test_a_session_whose_browser_has_gone_is_started_again(message: str) -> None:
    state = WhatsappState({"smsotp": None}, message)
    _, report = _scan(whatsapp.whatsapp(state))
    assert state.started == ["/session/restart/smsotp"]
    assert report.condition is Condition.READY


def test_a_connected_session_needs_no_code() -> None:
    state = WhatsappState()
    administrator, report = _scan(whatsapp.whatsapp(state))
    assert administrator.codes == []
    assert state.started == []
    assert report.condition is Condition.READY


def test_waiting_for_a_scan_ends() -> None:
    administrator, report = _scan(whatsapp.whatsapp(WhatsappState({}, looks_until_scanned=9999)))
    assert administrator.pauses == 90
    assert report.condition is Condition.DOWN


def test_with_a_wrong_key_nothing_is_started() -> None:
    state = WhatsappState({})
    administrator, report = _scan(whatsapp.whatsapp(state, "another"))
    assert state.started == []
    assert administrator.codes == []
    assert report.condition is Condition.DOWN


def test_a_start_that_fails_is_told() -> None:
    answers = whatsapp.whatsapp(WhatsappState({}))

    def answer(received: Received, line: Line) -> None:
        (reply(500, "{}") if "/start/" in received.path else answers)(received, line)

    administrator, report = _scan(answer)
    assert administrator.codes == []
    assert report.condition is Condition.DOWN


@pytest.mark.parametrize("code", ["2@\x1b[2J", "x" * 5000, "a b", "", None, 7])
def test_what_is_no_qr_code_is_not_shown(code: object) -> None:
    answers = whatsapp.whatsapp(WhatsappState({"smsotp": "UNPAIRED"}, looks_until_scanned=9999))

    def answer(received: Received, line: Line) -> None:
        body = json_reply({"success": True, "qr": code}).body
        (reply(200, body) if "/qr/" in received.path else answers)(received, line)

    administrator, report = _scan(answer)
    assert administrator.codes == []
    assert report.condition is Condition.DOWN


def test_a_server_without_devices_gets_one_and_shows_a_pairing_code() -> None:
    state = GowhatsappState({}, looks_until_linked=7)
    administrator, report = _link(gowhatsapp.gowhatsapp(state))
    assert state.made == ["pam-smsotp"]
    assert [(each.content, each.is_qr) for each in administrator.codes] == [(PAIRING_CODE, False)]
    assert administrator.kept == {"device_id": "pam-smsotp"}
    assert report.condition is Condition.READY
    assert report.facts == (
        ("Verified name", "Example\N{REPLACEMENT CHARACTER}[2J GmbH"),
        ("Status", "At work"),
        ("Linked devices", "3"),
    )
    # Whoever shows the report shows these.
    assert not any("Linked devices: 3" in sentence for sentence in administrator.sentences)
    assert state.slots["pam-smsotp"].number == ACCOUNT


@pytest.mark.parametrize(
    ("type_id", "answers", "kinds"),
    [
        ("gowhatsapp", gowhatsapp.gowhatsapp(GowhatsappState({})), ["code", "info", "wait"]),
        (
            "whatsapp",
            whatsapp.whatsapp(WhatsappState({}, looks_until_scanned=2)),
            ["info", "info", "wait", "qr", "wait"],
        ),
    ],
)
async def test_the_daemon_leads_through_the_linking(
    type_id: str, answers: StrictProvider, kinds: list[str]
) -> None:
    settings = {"username": gowhatsapp.USER, "phone": _NUMBER} if type_id == "gowhatsapp" else {}
    name = "password" if type_id == "gowhatsapp" else "api_key"
    with HttpProvider(answers) as provider:
        definition = GatewayDefinition(
            "tested", type_id, {"base_url": provider.url, **settings}, {name: Secret(PASSWORD)}
        )
        run = GatewaySender(_TYPES[type_id], definition).pair()
        seen = []
        while run.report is None:
            seen += [step.kind.value for step in await run.advance(Secret(""), 10.0)]
    assert answers.violations == []
    assert seen[: len(kinds)] == kinds
    assert run.report.condition is Condition.READY


def test_a_device_that_is_logged_in_is_used_as_it_is() -> None:
    state = GowhatsappState()
    administrator, report = _link(gowhatsapp.gowhatsapp(state), "")
    (question,) = administrator.questions
    assert question.choices == ("1", "new", "replace")
    assert administrator.codes == []
    assert administrator.kept == {"device_id": "smsotp"}
    assert state.made == []
    assert report.condition is Condition.READY
    assert ACCOUNT not in "".join(administrator.sentences)


def test_a_device_that_logged_out_is_linked_again_under_its_old_name() -> None:
    state = GowhatsappState({"smsotp": Slot()})
    administrator, report = _link(gowhatsapp.gowhatsapp(state), "1")
    assert state.made == []
    assert len(administrator.codes) == 1
    assert administrator.kept == {"device_id": "smsotp"}
    assert report.condition is Condition.READY


def test_a_new_device_leaves_the_others_alone() -> None:
    state = GowhatsappState()
    administrator, _ = _link(gowhatsapp.gowhatsapp(state), "new")
    assert state.made == ["pam-smsotp"]
    assert state.logged_out == []
    assert administrator.kept == {"device_id": "pam-smsotp"}
    assert state.slots["smsotp"].number == ACCOUNT


def test_a_new_device_takes_another_name_where_its_own_is_in_use() -> None:
    slots = {name: Slot(ACCOUNT, "logged_in") for name in ("pam-smsotp", "pam-smsotp-2")}
    state = GowhatsappState(slots)
    administrator, _ = _link(gowhatsapp.gowhatsapp(state), "new")
    assert state.made == ["pam-smsotp-3"]
    assert administrator.kept == {"device_id": "pam-smsotp-3"}


def test_a_new_device_takes_the_place_that_a_logged_out_one_has_kept() -> None:
    state = GowhatsappState({"pam-smsotp": Slot()})
    administrator, report = _link(gowhatsapp.gowhatsapp(state), "new")
    assert state.made == []
    assert administrator.kept == {"device_id": "pam-smsotp"}
    assert report.condition is Condition.READY


def test_replacing_logs_out_what_is_linked_and_uses_its_place_again() -> None:
    slots = {"pam-smsotp": Slot(ACCOUNT, "logged_in"), "a/b ü": Slot("49151", "disconnected")}
    state = GowhatsappState({**slots, "empty": Slot()})
    administrator, report = _link(gowhatsapp.gowhatsapp(state), "replace")
    assert state.logged_out == ["pam-smsotp", "a/b ü"]
    assert state.made == []
    assert administrator.kept == {"device_id": "pam-smsotp"}
    assert len(administrator.codes) == 1
    assert report.condition is Condition.READY


def test_an_answer_that_is_no_choice_is_asked_for_again() -> None:
    administrator, _ = _link(gowhatsapp.gowhatsapp(GowhatsappState()), "2", "what?", "1")
    assert len(administrator.questions) == 3
    assert administrator.kept == {"device_id": "smsotp"}


def test_after_three_answers_that_are_no_choice_the_first_device_is_used() -> None:
    state = GowhatsappState()
    administrator, _ = _link(gowhatsapp.gowhatsapp(state), "2", "Replace", "-1")
    assert administrator.kept == {"device_id": "smsotp"}
    assert state.logged_out == state.made == []


@pytest.mark.parametrize(("typed", "codes"), [("yes", 0), ("", 0), ("no", 1)])
def test_a_device_that_insists_on_its_login_may_keep_it_or_be_logged_out(
    typed: str, codes: int
) -> None:
    state = GowhatsappState(insists=True)
    administrator, report = _link(gowhatsapp.gowhatsapp(state), "1", typed)
    assert len(administrator.codes) == codes
    assert state.logged_out == ["smsotp"] * codes
    assert administrator.kept == {"device_id": "smsotp"}
    assert report.condition is Condition.READY


def test_a_number_that_is_not_configured_is_asked_for_and_kept() -> None:
    state = GowhatsappState({})
    administrator, report = _link(
        gowhatsapp.gowhatsapp(state), "0151 1234567", "+49 151 1234-567", phone=""
    )
    assert administrator.kept == {"phone": _NUMBER, "device_id": "pam-smsotp"}
    assert report.condition is Condition.READY


def test_without_a_number_nothing_is_linked() -> None:
    administrator, report = _link(
        gowhatsapp.gowhatsapp(GowhatsappState({})), "", "x", "0", phone=""
    )
    assert administrator.codes == []
    assert administrator.kept == {}
    assert report.condition is Condition.DOWN


def test_a_passkey_is_told_of_instead_of_waiting_for_ever() -> None:
    state = GowhatsappState({}, looks_until_linked=9999, passkey="awaiting_response")
    administrator, report = _link(gowhatsapp.gowhatsapp(state))
    assert administrator.pauses == 1
    assert report.condition is Condition.DOWN
    assert "passkey" in report.summary


def test_an_older_server_without_passkeys_is_waited_for() -> None:
    state = GowhatsappState({}, looks_until_linked=7, passkey="")
    _, report = _link(gowhatsapp.gowhatsapp(state))
    assert report.condition is Condition.READY


def test_waiting_for_the_phone_ends() -> None:
    state = GowhatsappState({}, looks_until_linked=9999)
    administrator, report = _link(gowhatsapp.gowhatsapp(state))
    assert administrator.pauses == 60
    assert administrator.kept == {}
    assert report.condition is Condition.DOWN


def test_with_a_wrong_password_nothing_is_made() -> None:
    state = GowhatsappState({})
    administrator, report = _link(gowhatsapp.gowhatsapp(state, password="another"))
    assert state.made == []
    assert administrator.codes == []
    assert "credentials" in report.summary


@pytest.mark.parametrize("code", ["\x1b[2J", "abcd-1234", "A" * 30, None, 7.5])
def test_what_is_no_pairing_code_is_not_shown(code: object) -> None:
    answers = gowhatsapp.gowhatsapp(GowhatsappState({}))

    def answer(received: Received, line: Line) -> None:
        body = gowhatsapp.envelope(200, "SUCCESS", {"pair_code": code}).body
        is_login = received.path == "/app/login-with-code"
        (reply(200, body) if is_login else answers)(received, line)

    administrator, report = _link(answer)
    assert administrator.codes == []
    assert report.condition is Condition.DOWN


@pytest.mark.parametrize("path", ["/devices", "/app/login-with-code"])
def test_a_step_that_fails_ends_the_pairing_with_its_reason(path: str) -> None:
    answers = gowhatsapp.gowhatsapp(GowhatsappState({}))

    def answer(received: Received, line: Line) -> None:
        fails = received.path == path and (received.method == "POST" or path != "/devices")
        failure = reply(500, gowhatsapp.envelope(500, "INTERNAL_SERVER_ERROR").body)
        (failure if fails else answers)(received, line)

    administrator, report = _link(answer)
    assert administrator.codes == []
    assert report.condition is Condition.DOWN
    assert "INTERNAL_SERVER_ERROR" in report.summary


def test_a_device_that_cannot_be_logged_out_stops_a_replacement() -> None:
    state = GowhatsappState()
    answers = gowhatsapp.gowhatsapp(state)

    def answer(received: Received, line: Line) -> None:
        is_logout = received.path.endswith("/logout")
        failure = reply(500, gowhatsapp.envelope(500, "INTERNAL_SERVER_ERROR").body)
        (failure if is_logout else answers)(received, line)

    administrator, report = _link(answer, "replace")
    assert state.made == []
    assert administrator.kept == {}
    assert report.condition is Condition.DOWN
