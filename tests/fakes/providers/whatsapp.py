# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""wwebjs-api with an API key: `success` and `error` tell, the session has to be connected.

A recipient made by `number_for` is answered with the failure of that code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    PASSWORD,
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    code_in,
    json_reply,
    number_for,
)

NOT_ON_WHATSAPP: Final = number_for(404)
HIDDEN_ID: Final = number_for(1)
MESSAGE: Final = "3EB0C767D097B7C7C3F1"
_SESSION: Final = r"([\w%.-]+)"
_SERVER_SPEAKS_OF: Final = {
    "500": (500, {"success": False, "error": "Evaluation failed: x"}),
    "501": (500, {"success": False, "error": "No LID for user"}),
    "200": (200, {"success": False, "message": "x"}),
}


@dataclass
class WhatsappState:
    """What the server has.

    Attributes:
        sessions: state by name; CONNECTED, another, or None for one without a page.
        message: what session/status says of a session that is not connected.
        looks_until_scanned: how often a QR code is given out before the phone scans it.
    """

    sessions: dict[str, str | None] = field(default_factory=lambda: {"smsotp": "CONNECTED"})
    message: str = "session_not_connected"
    looks_until_scanned: int = 3
    looks: int = 0
    started: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)


def whatsapp(state: WhatsappState, key: str = PASSWORD) -> StrictProvider:
    """Make a server."""

    def about(answer: Callable[[str, Asked], Reply]) -> Callable[[Asked], Reply]:
        def guarded(asked: Asked) -> Reply:
            if key and asked.received.headers.get("x-api-key") != key:
                return _error(403, "Invalid API key")
            name = asked.received.path.rpartition("/")[2]
            if not name.replace("-", "").replace("_", "").isalnum():
                return _error(422, "Session should be alphanumerical or -")
            return answer(name, asked)

        return guarded

    def client(answer: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
        def connected(name: str, asked: Asked) -> Reply:
            if name not in state.sessions:
                return _error(404, "session_not_found")
            if state.sessions[name] != "CONNECTED":
                return _error(404, "session_not_connected")
            return answer(asked)

        return about(connected)

    def status(name: str, _asked: Asked) -> Reply:
        if name not in state.sessions:
            return json_reply({"success": False, "state": None, "message": "session_not_found"})
        is_connected = state.sessions[name] == "CONNECTED"
        message = "session_connected" if is_connected else state.message
        return json_reply(
            {"success": is_connected, "state": state.sessions[name], "message": message}
        )

    def start(name: str, asked: Asked) -> Reply:
        state.started.append(asked.received.path)
        if name in state.sessions and "start" in asked.received.path:
            return _error(422, f"Session already exists for: {name}")
        state.sessions[name], state.message = "OPENING", "session_not_connected"
        return json_reply({"success": True, "message": "Session initiated successfully"})

    def qr(name: str, _asked: Asked) -> Reply:
        if name not in state.sessions:
            return json_reply({"success": False, "message": "session_not_found"})
        state.looks += 1
        if state.looks > state.looks_until_scanned:
            state.sessions[name] = "CONNECTED"
        if state.looks == 1 or state.sessions[name] == "CONNECTED":
            message = "qr code not ready or already scanned"
            return json_reply({"success": False, "message": message})
        return json_reply({"success": True, "qr": f"2@{state.looks // 2},x/y+z=,1"})

    return StrictProvider(
        Endpoint("GET", f"/session/status/{_SESSION}", about(status)),
        Endpoint("GET", f"/session/(start|restart)/{_SESSION}", about(start)),
        Endpoint("GET", f"/session/qr/{_SESSION}", about(qr)),
        Endpoint(
            "POST",
            f"/client/getNumberId/{_SESSION}",
            client(_number_id),
            json={"number": r"[1-9]\d{6,14}"},
        ),
        Endpoint(
            "POST",
            f"/client/sendMessage/{_SESSION}",
            client(lambda asked: _send(state, asked)),
            json={
                "chatId": r"[1-9]\d{6,14}@(c\.us|lid)",
                "contentType": "string",
                "content": ".+",
                "options": {},
            },
        ),
    )


def _number_id(asked: Asked) -> Reply:
    number = asked.body["number"]
    if code_in(number) == "404":
        return json_reply({"success": True, "result": None})
    server = "lid" if code_in(number) == "1" else "c.us"
    found = {"server": server, "user": number, "_serialized": f"{number}@{server}"}
    return json_reply({"success": True, "result": found})


def _send(state: WhatsappState, asked: Asked) -> Reply:
    chat = asked.body["chatId"]
    refusal = _SERVER_SPEAKS_OF.get(code_in(chat.partition("@")[0]))
    if refusal:
        return json_reply(refusal[1], refusal[0])
    state.sent.append((chat, asked.body["content"]))
    name: dict[str, Any] = {"fromMe": True, "remote": chat, "id": MESSAGE}
    name["_serialized"] = f"true_{chat}_{MESSAGE}"
    return json_reply({"success": True, "message": {"_data": {}, "id": name, "ack": 0}})


def _error(status: int, text: str) -> Reply:
    return json_reply({"success": False, "error": text}, status)


SIMULATOR: Final = Simulator(
    "whatsapp",
    lambda: whatsapp(WhatsappState()),
    url_setting="base_url",
    secrets={"api_key": PASSWORD},
    message_id=MESSAGE,
    failures=(
        Case("wrong key", ErrorClass.AUTH, secrets={"api_key": "wrong"}),
        Case("no session", ErrorClass.AUTH, settings={"session": "another"}),
        Case("not on WhatsApp", ErrorClass.RECIPIENT, number=NOT_ON_WHATSAPP),
        Case("the library fails", ErrorClass.TEMPORARY, number=number_for(500)),
        Case("no hidden id", ErrorClass.REJECTED, number=number_for(501)),
        Case("success false", ErrorClass.REJECTED, number=number_for(200)),
    ),
)
