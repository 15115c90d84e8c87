# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""GoWhatsApp 9.2 with basic authentication: places for accounts that stay when one logs out.

A recipient made by `number_for` is answered with the failure of that code.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

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

USER: Final = "anton"
ACCOUNT: Final = "491511234567"
MESSAGE: Final = "3EB0B430B6F8F1D0E053AC120E0A9E5C"
PAIRING_CODE: Final = "ABCD-1234"
_REFUSALS: Final = {
    "400": (400, "INVALID_JID"),
    "401": (401, "AUTHENTICATION_ERROR"),
    "429": (429, "WA_REACHOUT_TIMELOCK"),
    "500": (500, "INTERNAL_SERVER_ERROR"),
    "503": (503, "DEVICE_MANAGER_UNAVAILABLE"),
    "504": (504, "GATEWAY_TIMEOUT"),
    "200": (200, "SOMETHING_NEW"),
}


@dataclass
class Slot:
    """A place for an account."""

    number: str = ""
    state: str = "disconnected"

    @property
    def jid(self) -> str:
        return f"{self.number}:12@s.whatsapp.net" if self.number else ""

    def log_out(self) -> None:
        self.number, self.state = "", "disconnected"


@dataclass
class GowhatsappState:
    """What the server has.

    Attributes:
        looks_until_linked: how often the state is asked for before the phone has linked a device.
        insists: whether login says ALREADY_LOGGED_IN although the state denies it.
        passkey: what /app/passkey tells; empty for a server that does not know the path.
    """

    slots: dict[str, Slot] = field(default_factory=lambda: {"smsotp": Slot(ACCOUNT, "logged_in")})
    looks_until_linked: int = 3
    insists: bool = False
    passkey: str = "none"
    linking: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    logged_out: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, str]] = field(default_factory=list)


Answer = Callable[[str, Asked], Reply]


class _Server:
    def __init__(self, state: GowhatsappState, user: str, password: str) -> None:
        self._state = state
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._authorization = f"Basic {pair}" if user else ""

    def open(self, answer: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
        """Let in whoever has the password; refuse others as Fiber does, in plain text."""

        def guarded(asked: Asked) -> Reply:
            given = asked.received.headers.get("authorization", "")
            if given != self._authorization:
                return Reply("Unauthorized", 401, {"WWW_Authenticate": "Basic realm=Restricted"})
            return answer(asked)

        return guarded

    def device(self, answer: Answer) -> Callable[[Asked], Reply]:
        """Find the device that the header names, percent-decoded, or the only one."""

        def named(asked: Asked) -> Reply:
            raw = asked.received.headers.get("x-device-id", "")
            slots = self._state.slots
            if not raw and len(slots) != 1:
                return envelope(400, "DEVICE_ID_REQUIRED")
            name = unquote(raw) or next(iter(slots))
            if name not in slots:
                return envelope(404, "DEVICE_NOT_FOUND", {"device_id": name})
            return answer(name, asked)

        return self.open(named)

    def devices(self, _asked: Asked) -> Reply:
        slots = [
            {"id": name, "display_name": "Ada", "state": slot.state, "jid": slot.jid,
             "created_at": "2026-01-01T00:00:00Z"}
            for name, slot in self._state.slots.items()
        ]  # fmt: skip
        # A nil slice of Go is null in JSON.
        return json_reply({"code": "SUCCESS", "message": "List devices", "results": slots or None})

    def add(self, asked: Asked) -> Reply:
        name = asked.body["device_id"]
        if name in self._state.slots:
            return envelope(500, "INTERNAL_SERVER_ERROR")  # "device X already exists"
        self._state.made.append(name)
        self._state.slots[name] = Slot()
        made = {"id": name, "display_name": "", "state": "disconnected", "jid": ""}
        return envelope(200, "SUCCESS", made)

    def log_out(self, name: str) -> Reply:
        self._state.logged_out.append(name)
        self._state.insists = False
        self._state.slots[name].log_out()
        return envelope(200, "SUCCESS")

    def log_out_by_path(self, asked: Asked) -> Reply:
        name = unquote(asked.received.path.split("/")[2])
        if name not in self._state.slots:
            return envelope(500, "INTERNAL_SERVER_ERROR")
        return self.log_out(name)

    def login(self, name: str, asked: Asked) -> Reply:
        if self._state.insists or self._state.slots[name].state == "logged_in":
            return envelope(400, "ALREADY_LOGGED_IN")
        self._state.linking[name] = asked.query["phone"]
        self._state.slots[name].state = "connected"
        return envelope(200, "SUCCESS", {"device_id": name, "pair_code": PAIRING_CODE})

    def status(self, name: str, _asked: Asked) -> Reply:
        slot, state = self._state.slots[name], self._state
        if name in state.linking:
            state.looks_until_linked -= 1
            if state.looks_until_linked <= 0:
                slot.number, slot.state = state.linking.pop(name), "logged_in"
        found = {
            "is_connected": slot.state in {"connected", "logged_in"},
            "is_logged_in": slot.state == "logged_in" and not state.insists,
            "device_id": name,
            "jid": slot.jid,
        }
        return envelope(200, "SUCCESS", found)

    def passkey(self, name: str, _asked: Asked) -> Reply:
        if not self._state.passkey:
            return Reply("Cannot GET /app/passkey", 404)
        return envelope(200, "SUCCESS", {"device_id": name, "status": self._state.passkey})

    def info(self, name: str, asked: Asked) -> Reply:
        if self._state.slots[name].state != "logged_in":
            return envelope(401, "AUTHENTICATION_ERROR")
        number = asked.query["phone"].partition("@")[0]
        device = {"User": number, "Agent": 0, "Device": "UNKNOWN", "Server": "s.whatsapp.net"}
        person = {
            "verified_name": "",
            "name": "Example\x1b[2J GmbH",
            "status": "At work",
            "picture_id": "",
            "devices": [{**device, "AD": True}, {**device, "AD": True}, {**device, "AD": True}],
        }
        return envelope(200, "SUCCESS", {"data": [person]})

    def check(self, name: str, asked: Asked) -> Reply:
        if self._state.slots[name].state != "logged_in":
            return envelope(401, "AUTHENTICATION_ERROR")
        code = code_in(asked.query["phone"])
        if code == "504":
            return envelope(504, "GATEWAY_TIMEOUT")
        return envelope(200, "SUCCESS", {"is_on_whatsapp": code != "404"})

    def send(self, name: str, asked: Asked) -> Reply:
        number = asked.body["phone"].partition("@")[0]
        if code_in(number) in _REFUSALS:
            return envelope(*_REFUSALS[code_in(number)])
        self._state.sent.append((name, number, asked.body["message"]))
        return envelope(200, "SUCCESS", {"message_id": MESSAGE, "status": "Message sent"})


def gowhatsapp(
    state: GowhatsappState, user: str = USER, password: str = PASSWORD
) -> StrictProvider:
    """Make a server."""
    server = _Server(state, user, password)
    message = {"phone": r"[1-9]\d{6,14}@s\.whatsapp\.net", "message": ".+"}
    phone, person = {"phone": r"[1-9]\d{6,14}"}, {"phone": r"[1-9]\d{6,14}@s\.whatsapp\.net"}
    encoded = {"x-device-id": "[A-Za-z0-9_.~%-]*"}

    def log_out(name: str, _asked: Asked) -> Reply:
        return server.log_out(name)

    return StrictProvider(
        Endpoint("GET", "/devices", server.open(server.devices)),
        Endpoint("POST", "/devices", server.open(server.add), json={"device_id": ".+"}),
        Endpoint("POST", "/devices/[^/]+/logout", server.open(server.log_out_by_path)),
        Endpoint(
            "GET", "/app/login-with-code", server.device(server.login), query=phone, headers=encoded
        ),
        Endpoint("GET", "/app/logout", server.device(log_out), headers=encoded),
        Endpoint("GET", "/app/status", server.device(server.status), headers=encoded),
        Endpoint("GET", "/app/passkey", server.device(server.passkey), headers=encoded),
        Endpoint("GET", "/user/info", server.device(server.info), query=person, headers=encoded),
        Endpoint("GET", "/user/check", server.device(server.check), query=phone, headers=encoded),
        Endpoint(
            "POST", "/send/message", server.device(server.send), json=message, headers=encoded
        ),
    )


def envelope(status: int, code: str, results: Any = None) -> Reply:
    """Answer as GoWhatsApp does; `results` is absent where there are none."""
    found: dict[str, Any] = {"code": code, "message": f"about {ACCOUNT}"}
    if results is not None:
        found["results"] = results
    return json_reply(found, status)


SIMULATOR: Final = Simulator(
    "gowhatsapp",
    lambda: gowhatsapp(GowhatsappState()),
    url_setting="base_url",
    settings={"username": USER, "device_id": "smsotp"},
    secrets={"password": PASSWORD},
    message_id=MESSAGE,
    failures=(
        Case("wrong password", ErrorClass.AUTH, secrets={"password": "wrong"}),
        Case("wrong device", ErrorClass.AUTH, settings={"device_id": "another"}),
        Case("logged out", ErrorClass.AUTH, number=number_for(401)),
        Case("not on WhatsApp", ErrorClass.RECIPIENT, number=number_for(404)),
        Case("not on WhatsApp after all", ErrorClass.RECIPIENT, number=number_for(400)),
        Case("too many new contacts", ErrorClass.RATE, number=number_for(429)),
        Case("failure", ErrorClass.TEMPORARY, number=number_for(500)),
        Case("not ready", ErrorClass.TEMPORARY, number=number_for(503)),
        Case("a new code", ErrorClass.REJECTED, number=number_for(200)),
    ),
)
