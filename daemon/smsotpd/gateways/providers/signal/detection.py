# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the Signal servers it is, by what it says of itself."""

from collections.abc import Generator
from enum import StrEnum
from typing import Final

from smsotpd.core.outcome import ErrorClass, Outcome, Rejected
from smsotpd.gateways.providers.signal import server
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.reading import entry, parse_json_object
from smsotpd.gateways.spec.status import outcome_from_status

AUTO: Final = "auto"


class Api(StrEnum):
    """The servers there are."""

    NATIVE = "native"  # signal-cli itself: daemon --http
    BBERNHARD = "bbernhard"  # signal-cli-rest-api
    PYTHON = "python"  # python-signal-cli-rest-api, and signal-cli-dbus-rest-api before it


NO_SERVER: Final = Rejected(
    ErrorClass.REJECTED,
    "the server is none of the Signal servers that we know: check url, or set api",
)
# What a server says that is there, but has nothing under the path it was asked for.
_ELSEWHERE: Final = frozenset({200, 404, 405})


def detect(values: Values) -> Generator[Request, Response, Api | Outcome]:
    """Return which server it is, or the outcome of a message that thus cannot be sent.

    The order matters: python-signal-cli-rest-api and bbernhard's both answer /v1/about.
    """
    if values.text("api") != AUTO:
        return Api(values.text("api"))
    about = yield server.get(values, "/v1/about")
    found = _by_about(about)
    if found is not None:
        return found
    failure = outcome_from_status(about, _ELSEWHERE)
    if failure is not None:
        return failure
    version = yield server.rpc(values, "version")
    if version_of(version):
        return Api.NATIVE
    return outcome_from_status(version, _ELSEWHERE) or NO_SERVER


def version_of(response: Response) -> object:
    """Return the version that signal-cli tells by JSON-RPC, None if this is no such answer."""
    reply = parse_json_object(response.text) if response.status == 200 else None  # noqa: PLR2004  # all JSON-RPC answers have it
    return entry(reply, "result", "version") if entry(reply, "jsonrpc") == "2.0" else None


def _by_about(response: Response) -> Api | None:
    about = parse_json_object(response.text) if response.status == 200 else None  # noqa: PLR2004  # OK
    if about is None:
        return None
    if "build" in about and "capabilities" in about:
        return Api.BBERNHARD
    if "signal_cli" in about or about.get("mode") == "dbus":
        return Api.PYTHON
    return None
