# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Prosody's mod_rest and mod_post_msg, as far as a client that sends text meets them.

A local part asks for an answer: `condition.NAME` for that error, `status.NNN` for that status.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from tests.fakes.providers.strict import PASSWORD, Asked, Endpoint, Reply, StrictProvider

SENDER: Final = "otp@xmpp.example"
RECIPIENT: Final = "ada@xmpp.example"
REST: Final = "/rest/message/chat/"
POST_MSG: Final = "/msg/"

_PAGE: Final = "<!DOCTYPE html><html><body><h1>Error</h1></body></html>"
_STANZAS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
# RFC 3986, 3.3: pchar without the percent sign's triplets, which follow.
_SEGMENT: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*"


@dataclass
class Delivered:
    """What the server took, as recipient and text."""

    messages: list[tuple[str, str]] = field(default_factory=list)


def rest(delivered: Delivered, *, as_xml: bool = False) -> StrictProvider:
    """Make mod_rest: the login is the name before the @, and errors come back under HTTP 200."""

    def post(asked: Asked) -> Reply:
        refused = _login(asked, SENDER.partition("@")[0], wrong=403)
        to = _recipient(asked, REST)
        if refused is None and to.startswith("condition."):
            condition = to.partition("@")[0].removeprefix("condition.")
            return _xml(condition) if as_xml else _json(condition, to)
        return refused or _take(delivered, asked, to, Reply(status=202))

    def ping(asked: Asked) -> Reply:
        refused = _login(asked, SENDER.partition("@")[0], wrong=403)
        return refused or Reply('{"kind":"iq","type":"result","ping":true}')

    return StrictProvider(
        Endpoint("POST", f"{REST}{_SEGMENT}", post, json={"body": ".+"}, headers=_ACCEPT),
        Endpoint("GET", r"/rest/ping/xmpp\.example", ping, headers=_ACCEPT),
    )


def post_msg(delivered: Delivered) -> StrictProvider:
    """Make mod_post_msg: the login is the whole address, and nothing is known of what follows."""

    def post(asked: Asked) -> Reply:
        to = _recipient(asked, POST_MSG)
        refused = _login(asked, SENDER, wrong=401)
        return refused or _take(delivered, asked, to, Reply(status=201))

    return StrictProvider(Endpoint("POST", f"{POST_MSG}{_SEGMENT}", post, json={"body": ".+"}))


_ACCEPT: Final = {"accept": "application/json"}


def _recipient(asked: Asked, prefix: str) -> str:
    return unquote(asked.received.path.removeprefix(prefix), errors="strict")


def _login(asked: Asked, user: str, wrong: int) -> Reply | None:
    given = asked.received.headers.get("authorization", "")
    if not given.startswith("Basic "):
        return Reply(_PAGE, 401, {"WWW_Authenticate": 'Basic realm="xmpp"'})
    name, _, password = base64.b64decode(given[6:]).decode().partition(":")
    if user == SENDER and "@" not in name:
        return Reply(_PAGE, 500)
    return None if (name, password) == (user, PASSWORD) else Reply(_PAGE, wrong)


def _take(delivered: Delivered, asked: Asked, to: str, taken: Reply) -> Reply:
    if to.startswith("status."):
        return Reply(_PAGE, int(to[7:10]))
    delivered.messages.append((to, asked.body["body"]))
    return taken


def _json(condition: str, to: str) -> Reply:
    error = {"type": "cancel", "condition": condition, "text": f"not for {to}"}
    stanza = {"kind": "message", "type": "error", "from": to, "error": error}
    return Reply(json.dumps(stanza), 200, {"Content_Type": "application/json"})


def _xml(condition: str) -> Reply:
    return Reply(
        f"<message type='error'><error type='cancel'><{condition} xmlns='{_STANZAS}'/></error>"
        "</message>",
        200,
        {"Content_Type": "application/xmpp+xml"},
    )
