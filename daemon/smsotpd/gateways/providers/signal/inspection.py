# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a Signal server is: what it runs, and which accounts it has."""

import re
from collections.abc import Generator
from typing import Final

from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.signal import server
from smsotpd.gateways.providers.signal.detection import Api, detect, version_of
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.reading import entry, message_id, parse_json, parse_json_object
from smsotpd.gateways.spec.request import JsonValue

Accounts = tuple[str, ...]

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_OK: Final = 200


def inspect(values: Values) -> Generator[Request, Response, Report]:
    """Ask the server for its version and its accounts."""
    api = yield from detect(values)
    if not isinstance(api, Api):
        return Report(Condition.DOWN, getattr(api, "detail", ""))
    version = yield from _version(values, api)
    if not version:
        return Report(Condition.DOWN, f"no answer as of the Signal server {api}")
    accounts = yield from known_accounts(values, api)
    told = ("Server", f"{api}, {version}")
    if accounts is None:
        return Report(Condition.READY, "the server does not tell which accounts it has", (told,))
    condition, summary = _judge(accounts, server.account(values), api)
    return Report(condition, summary, (told, ("Accounts", str(len(accounts)))))


def known_accounts(values: Values, api: Api) -> Generator[Request, Response, Accounts | None]:
    """Return the numbers of the server's accounts; None if it does not tell them."""
    if api is Api.PYTHON:
        return None
    if api is Api.NATIVE:
        response = yield server.rpc(values, "listAccounts")
        listed = entry(parse_json_object(response.text), "result")
        numbers = [entry(each, "number") for each in _list(listed)]
    else:
        response = yield server.get(values, "/v1/accounts")
        listed = parse_json(response.text)
        numbers = _list(listed)
    if response.status != _OK or not isinstance(listed, list):
        return None
    return tuple(each for each in numbers if isinstance(each, str) and _NUMBER.fullmatch(each))


def _version(values: Values, api: Api) -> Generator[Request, Response, str]:
    if api is Api.NATIVE:
        told = version_of((yield server.rpc(values, "version")))
        return message_id(told) if isinstance(told, str) else ""
    response = yield server.get(values, "/v1/about")
    about = parse_json_object(response.text) if response.status == _OK else None
    return message_id(entry(about, "version" if api is Api.BBERNHARD else "signal_cli"))


def _judge(accounts: Accounts, account: str, api: Api) -> tuple[Condition, str]:
    if not accounts:
        return Condition.DOWN, "the server has no account: pair the gateway"
    if account:
        if account in accounts:
            return Condition.READY, "the server has the account"
        return Condition.DOWN, "the server does not have the account that is set"
    if api is Api.NATIVE and len(accounts) == 1:
        return Condition.READY, "the server has one account, which sends"
    return Condition.DOWN, "account is not set: pair the gateway to choose one"


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
