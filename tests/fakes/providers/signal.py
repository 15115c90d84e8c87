# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The Signal servers: signal-cli's JSON-RPC, bbernhard's REST in both versions, and the Python one.

A recipient made by `number_for` is answered with the failure of that code.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    Asked,
    Case,
    Endpoint,
    Reply,
    StrictProvider,
    code_in,
    json_reply,
    number_for,
)

ACCOUNT: Final = "+4915112345678"
OTHER_ACCOUNT: Final = "+4915112345679"
NUMBER_OF_AMERICA: Final = "+15551234567"
ACI: Final = "0cfa7a5d-9d0a-4a8d-8d3e-0c0c9c2d7f01"
TIMESTAMP: Final = 1763768300123
LINK: Final = f"sgnl://linkdevice?uuid={quote('a+b/c==', safe='')}&pub_key=BQ%2B%2F"

# A number first: +15551234567 is valid base64 as well, and no group.
_NUMBER: Final = r"\+[1-9][0-9]{6,14}"
_RECIPIENT: Final = rf"{_NUMBER}|[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}"

RPC_ERRORS: Final = (-1, -3, -4, -5, -6, -32603)
RESULT_TYPES: Final = (
    "NETWORK_FAILURE",
    "UNREGISTERED_FAILURE",
    "IDENTITY_FAILURE",
    "RATE_LIMIT_FAILURE",
    "INVALID_PRE_KEY_FAILURE",
)


@dataclass
class SignalState:
    """What a server has, and what was sent through it."""

    accounts: list[str] = field(default_factory=lambda: [ACCOUNT])
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    links: int = 0
    looks_until_linked: int = 2


def native(state: SignalState, *, host: str = "") -> StrictProvider:
    """Make signal-cli as of `daemon --http`, in its mode for several accounts.

    Args:
        host: the Host it is bound to and answers to; empty for any.
    """
    methods: Mapping[str, Callable[[SignalState, dict[str, Any]], object]] = {
        "version": lambda _state, _given: {"version": "0.14.6"},
        "listAccounts": lambda state, _given: [{"number": each} for each in state.accounts],
        "startLink": _start_link,
        "finishLink": _finish_link,
        "send": _send,
    }

    def answer(asked: Asked) -> Reply:
        if host and asked.received.headers["host"] != host:
            return Reply(status=421)
        call = asked.body
        try:
            result = methods[call["method"]](state, call.get("params", {}))
        except _RpcError as error:
            told = {"code": error.code, "message": f"Failed for {ACCOUNT}", "data": error.data}
            return json_reply({"jsonrpc": "2.0", "error": told, "id": call["id"]})
        return json_reply({"jsonrpc": "2.0", "result": result, "id": call["id"]})

    shape = {"jsonrpc": r"2\.0", "id": "[a-zA-Z]+", "method": "|".join(methods), "params?": dict}
    page = Reply("<h1>404 Not Found</h1>No context found for request", 404)
    return StrictProvider(
        Endpoint("POST", "/api/v1/rpc", answer, json=shape),
        Endpoint("GET", "/v1/about", lambda _asked: Reply(status=421) if host else page),
    )


def bbernhard(state: SignalState, *, as_list: bool = True) -> StrictProvider:
    """Make signal-cli-rest-api; up to 0.99 it answers an object, since then a list."""

    def send(asked: Asked) -> Reply:
        (to,) = asked.body["recipients"]
        code = code_in(to)
        if asked.body["number"] not in state.accounts or code == "400":
            return json_reply({"error": f"Failed to send message: {to}"}, 400)
        if code == "429":
            told = {"error": "rate limit", "account": ACCOUNT, "challenge_tokens": ["x"]}
            return json_reply(told, 429, Retry_After="60")
        taken: dict[str, Any] = {"timestamp": str(TIMESTAMP)}
        if code == "201":
            taken["errors"] = {"recipients": [{"number": to, "reason": "unregistered"}]}
        else:
            state.sent.append((asked.body["number"], to, asked.body["message"]))
        return json_reply([taken] if as_list else taken, 201)

    def link(_asked: Asked) -> Reply:
        state.links += 1
        return json_reply({"device_link_uri": LINK})

    def accounts(_asked: Asked) -> Reply:
        _look(state)
        return json_reply(state.accounts)

    about = {
        "versions": ["v1", "v2"],
        "build": 2,
        "mode": "json-rpc",
        "version": "0.99",
        "capabilities": {"v2/send": ["quotes", "mentions"]},
    }
    message = {
        "number": _NUMBER,
        "recipients": [_RECIPIENT],
        "message": ".+",
        "text_mode?": "normal|styled",
    }
    return StrictProvider(
        Endpoint("GET", "/v1/about", lambda _asked: json_reply(about)),
        Endpoint("GET", "/v1/accounts", accounts),
        Endpoint("GET", "/v1/qrcodelink/raw", link, query={"device_name": ".+"}),
        Endpoint("POST", "/v2/send", send, json=message),
    )


def python(state: SignalState) -> StrictProvider:
    """Make python-signal-cli-rest-api without an account of its own."""

    def send(asked: Asked) -> Reply:
        (to,) = asked.body["recipients"]
        if "number" not in asked.body:
            words = "number missing in request and PYTHON_SIGNAL_CLI_REST_API_ unset"
            return json_reply({"description": "Bad Request", "status": 400, "message": words}, 400)
        if asked.body["number"] not in state.accounts:
            return json_reply({"error": "Please check gateway logs."}, 400)
        if code_in(to):
            return json_reply({"error": f"invalid recipient(s): {to}"}, 400)
        state.sent.append((asked.body["number"], to, asked.body["message"]))
        return json_reply({"timestamps": {str(TIMESTAMP): {"recipients": [to]}}}, 201)

    about = {"mode": "json-rpc", "versions": ["v1", "v2"], "signal_cli": "0.13.19"}
    message = {"number?": _NUMBER, "recipients": [_NUMBER], "message": ".+"}
    return StrictProvider(
        Endpoint("GET", "/v1/about", lambda _asked: json_reply(about)),
        Endpoint("POST", "/v2/send", send, json=message),
    )


class _RpcError(Exception):
    def __init__(self, code: int, data: object = None) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


def _send(state: SignalState, given: dict[str, Any]) -> object:
    if set(given) - {"account"} != {"recipient", "message"}:
        raise _RpcError(-32602)
    account = given.get("account") or (state.accounts[0] if len(state.accounts) == 1 else "")
    if account not in state.accounts:
        raise _RpcError(-32602)
    (to,) = given["recipient"]
    place = int(code_in(to) or "0")
    if 0 < place <= len(RPC_ERRORS):
        raise _RpcError(RPC_ERRORS[place - 1])
    kind = RESULT_TYPES[place - 11] if place > 10 else "SUCCESS"
    if kind == "SUCCESS":
        state.sent.append((account, to, given["message"]))
    address = {"uuid": ACI, "number": to if to.startswith("+") else None, "username": None}
    return {"timestamp": TIMESTAMP, "results": [{"recipientAddress": address, "type": kind}]}


def _start_link(state: SignalState, _given: dict[str, Any]) -> object:
    state.links += 1
    return {"deviceLinkUri": LINK}


def _finish_link(state: SignalState, given: dict[str, Any]) -> object:
    if given != {"deviceLinkUri": LINK, "deviceName": "pam-smsotp"}:
        raise _RpcError(-1)
    state.accounts.append(OTHER_ACCOUNT)
    return {"number": OTHER_ACCOUNT}


def _look(state: SignalState) -> None:
    """Link the phone once the accounts were looked at often enough after a link was made."""
    if state.links and OTHER_ACCOUNT not in state.accounts:
        state.looks_until_linked -= 1
        if state.looks_until_linked <= 0:
            state.accounts.append(OTHER_ACCOUNT)


_CLASSES: Final = {
    -1: ErrorClass.REJECTED,
    -3: ErrorClass.TEMPORARY,
    -4: ErrorClass.RECIPIENT,
    -5: ErrorClass.RATE,
    -6: ErrorClass.RATE,
    -32603: ErrorClass.TEMPORARY,
    "NETWORK_FAILURE": ErrorClass.TEMPORARY,
    "UNREGISTERED_FAILURE": ErrorClass.RECIPIENT,
    "IDENTITY_FAILURE": ErrorClass.RECIPIENT,
    "RATE_LIMIT_FAILURE": ErrorClass.RATE,
    "INVALID_PRE_KEY_FAILURE": ErrorClass.RECIPIENT,
}


Make = Callable[[SignalState], StrictProvider]


@dataclass(frozen=True)
class SignalServer:
    """One server as the contract test drives it; `api` is what it is called in the settings."""

    name: str
    api: str
    make: Make
    failures: tuple[Case, ...]


_UNKNOWN_ACCOUNT: Final = {"account": "+4915112340000"}
_REST_FAILURES: Final = (
    Case("refused", ErrorClass.REJECTED, number=number_for(400)),
    Case("too fast", ErrorClass.RATE, number=number_for(429)),
    Case("not reached", ErrorClass.REJECTED, number=number_for(201)),
    Case("unknown account", ErrorClass.REJECTED, settings=_UNKNOWN_ACCOUNT),
    Case("no account", ErrorClass.SENDER, settings={"account": ""}),
)
SERVERS: Final = (
    SignalServer(
        "signal-cli",
        "native",
        native,
        (
            *(
                Case(f"error {code}", _CLASSES[code], number=number_for(place))
                for place, code in enumerate(RPC_ERRORS, start=1)
            ),
            *(
                Case(kind, _CLASSES[kind], number=number_for(place))
                for place, kind in enumerate(RESULT_TYPES, start=11)
            ),
            Case("unknown account", ErrorClass.SENDER, settings=_UNKNOWN_ACCOUNT),
        ),
    ),
    SignalServer("bbernhard", "bbernhard", bbernhard, _REST_FAILURES),
    SignalServer(
        "bbernhard up to 0.99",
        "bbernhard",
        lambda state: bbernhard(state, as_list=False),
        _REST_FAILURES,
    ),
    SignalServer(
        "python",
        "python",
        python,
        (
            Case("not registered", ErrorClass.RECIPIENT, number=number_for(1)),
            Case("unknown account", ErrorClass.REJECTED, settings=_UNKNOWN_ACCOUNT),
            Case("no account", ErrorClass.SENDER, settings={"account": ""}),
        ),
    ),
)
