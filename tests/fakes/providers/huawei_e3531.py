# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A HiLink stick: session and token for one request each, elements in their order."""

from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    code_in,
    number_for,
)

_CODES = {
    "1": ("100003", ErrorClass.AUTH),
    "2": ("100004", ErrorClass.TEMPORARY),
    "3": ("100005", ErrorClass.REJECTED),
    "4": ("125002", ErrorClass.TEMPORARY),  # for ever: asked anew once
}
_STALE_ONCE = "5"
_ORDER = ["Index", "Phones", "Sca", "Content", "Length", "Reserved", "Date"]


class Stick:
    """Answer as a stick does; `sessions` counts the ones it gave out."""

    def __init__(self, *, knows_sessions: bool = True) -> None:
        self._knows_sessions = knows_sessions
        self.sessions = 0
        self.provider: StrictProvider = StrictProvider(
            Endpoint("GET", "/api/webserver/SesTokInfo", self._session),
            Endpoint("GET", "/api/webserver/token", self._token),
            Endpoint(
                "POST",
                "/api/sms/send-sms",
                self._send,
                xml=_SHAPE,
                read_xml=_read,
                headers={"x-requested-with": "XMLHttpRequest"},
            ),
        )

    def _session(self, _asked: Asked) -> Reply:
        if not self._knows_sessions:
            return _error("100002")
        self.sessions += 1
        return Reply(
            f"<?xml version='1.0'?><response><SesInfo>SessionID=s{self.sessions}</SesInfo>"
            f"<TokInfo>t{self.sessions}</TokInfo></response>"
        )

    def _token(self, _asked: Asked) -> Reply:
        self.sessions += 1
        return Reply(f"<response><token>t{self.sessions}</token></response>")

    def _send(self, asked: Asked) -> Reply:
        headers = asked.received.headers
        session = f"SessionID=s{self.sessions}" if self._knows_sessions else None
        if headers.get("cookie") != session:
            return _error("125001")
        if headers.get("__requestverificationtoken") != f"t{self.sessions}":
            return _error("125003")
        wanted = code_in(asked.body["Phone"])
        if wanted == _STALE_ONCE and self.sessions == 1:
            return _error("125002")
        if wanted in _CODES:
            return _error(_CODES[wanted][0])
        return Reply("<?xml version='1.0' encoding='UTF-8'?><response>OK</response>")


_SHAPE = {
    "Index": "-1",
    "Phone": r"\+[1-9]\d{6,14}",
    "Sca": "",
    "Content": ".+",
    "Length": r"[1-9]\d*",
    "Reserved": "[01]",
    "Date": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
}


def _read(body: bytes) -> dict[str, Any]:
    try:
        root = minidom.parseString(body).documentElement  # noqa: S318  # our own client's request
    except ExpatError as error:
        raise ValueError("XML") from error
    assert root is not None
    if root.tagName != "request" or [each.nodeName for each in root.childNodes] != _ORDER:
        raise ValueError("order of elements")
    texts = {
        name: "".join(
            child.data for child in _leaf(node).childNodes if child.nodeType == child.TEXT_NODE
        )
        for name, node in zip(_ORDER, root.childNodes, strict=True)
    }
    if int(texts["Length"]) != len(texts["Content"]):
        raise ValueError("length")
    texts["Phone"] = texts.pop("Phones")
    return texts


def _leaf(node: Any) -> Any:
    if node.nodeName != "Phones":
        return node
    if [each.nodeName for each in node.childNodes] != ["Phone"]:
        raise ValueError("one phone")
    return node.firstChild


def _error(code: str) -> Reply:
    return Reply(f"<?xml version='1.0'?><error><code>{code}</code><message/></error>")


SIMULATOR = Simulator(
    "huawei_e3531",
    lambda: Stick().provider,
    url_setting="api",
    path="/api",
    text='Code 013579 für "R&D" <b>',
    message_id="",
    failures=tuple(
        Case(f"code {shown}", error_class, number=number_for(code))
        for code, (shown, error_class) in _CODES.items()
    ),
)
