# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of any Signal server in the same way: where it is, and for which account."""

from typing import Final
from urllib.parse import urlsplit

from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.spec import Json, Request, Values
from smsotpd.gateways.spec.connection import userinfo, without_userinfo
from smsotpd.gateways.spec.request import JsonValue, Pairs

# Sending may start a Java program first, where the server runs none all the time.
SENDING: Final = 15.0
_ASKING: Final = 5.0


def get(values: Values, path: str, query: Pairs = (), timeout: float = _ASKING) -> Request:
    """Ask the server for something."""
    return _request(values, "GET", path, query, None, timeout)


def post(values: Values, path: str, value: JsonValue, *, timeout: float = SENDING) -> Request:
    """Hand a message over as JSON."""
    return _request(values, "POST", path, (), Json(value), timeout, hands_over=True)


def rpc(
    values: Values,
    method: str,
    parameters: dict[str, JsonValue] | None = None,
    *,
    timeout: float = _ASKING,
    hands_over: bool = False,
) -> Request:
    """Call a method of signal-cli by JSON-RPC 2.0; the id is the method's name."""
    call: dict[str, JsonValue] = {"jsonrpc": "2.0", "id": method, "method": method}
    if parameters is not None:
        call["params"] = {**parameters}
    body = Json(call)
    return _request(values, "POST", "/api/v1/rpc", (), body, timeout, hands_over=hands_over)


def account(values: Values) -> str:
    """Return the account that sends as signal-cli spells it; empty where none is set.

    Raises:
        BadArgumentError: the setting is no number; `check` has refused it before.
    """
    text = values.text("account")
    return parse_phone(text).address if text else ""


def _request(
    values: Values,
    method: str,
    path: str,
    query: Pairs,
    body: Json | None,
    timeout: float,
    *,
    hands_over: bool = False,
) -> Request:
    url = values.text("url")
    return Request(
        method,
        f"{without_userinfo(url).rstrip('/')}{path}",
        query=query,
        body=body,
        auth=userinfo(urlsplit(url)),
        ca_file=values.text("ca_file"),
        timeout=timeout,
        hands_over=hands_over,
    )
