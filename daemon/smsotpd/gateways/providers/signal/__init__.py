# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Signal, through any of the servers that speak for signal-cli; which one, it finds out itself.

None of them has a login of its own: whoever reaches the server sends as its account.
"""

from collections.abc import Generator
from typing import Final

from smsotpd.core.channel_names import SIGNAL
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Outcome, Rejected
from smsotpd.gateways.providers.signal import native, rest
from smsotpd.gateways.providers.signal.detection import AUTO, Api, detect
from smsotpd.gateways.providers.signal.inspection import inspect
from smsotpd.gateways.providers.signal.linking import pair
from smsotpd.gateways.providers.signal.server import account
from smsotpd.gateways.spec import Evidence, Gateway, HttpDialogue, Request, Response, Values
from smsotpd.gateways.spec.own_server import CA_FILE, check_authorities, check_base


def _lead(values: Values, message: Message) -> Generator[Request, Response, Outcome]:
    api = yield from detect(values)
    match api:
        case Api.NATIVE:
            return native.outcome((yield native.request(values, message)))
        case Api():
            request = rest.request(values, api, message)
            if isinstance(request, Rejected):
                return request
            return rest.outcome((yield request), message.recipient.address)
        case _:
            return api


def _check(values: Values) -> None:
    check_base("url", values.text("url"))
    check_authorities("ca_file", values.text("ca_file"), values.text("url"))
    try:
        number = account(values)
    except BadArgumentError as error:
        raise BadArgumentError("account", error.complaint) from error
    if values.text("api") == Api.BBERNHARD and not number:
        raise BadArgumentError("account", "is missing: this server sends for several")


GATEWAY: Final = Gateway(
    id="signal",
    title="Signal, by signal-cli",
    link="https://github.com/AsamK/signal-cli",
    settings=(
        SettingDescription(
            "url",
            "Address of the Signal server",
            "signal-cli daemon --http, signal-cli-rest-api or python-signal-cli-rest-api; on this "
            "host or a network you trust, since none of them asks for a password. "
            "user:password@ is for a proxy in front of it.",
            kind="url",
            default="http://localhost:8080",
        ),
        SettingDescription(
            "account",
            "Number of the account that sends",
            "With + and country code; may be left out where the server has just one. "
            "Pairing finds it out.",
        ),
        SettingDescription(
            "api",
            "Kind of server",
            "native: signal-cli itself; bbernhard: signal-cli-rest-api; python: "
            "python-signal-cli-rest-api. auto asks the server before each message.",
            kind="choice",
            default=AUTO,
            choices=(AUTO, *Api),
        ),
        CA_FILE,
    ),
    transport=HttpDialogue(_lead),
    check=_check,
    channel=SIGNAL,
    failures=(*native.FAILURES, *rest.FAILURES),
    evidence=Evidence(
        verified="signal-cli 0.13.19 and python-signal-cli-rest-api 22.10.6, both running; "
        "signal-cli-rest-api by its source and a simulator made after it",
        uncertain=(
            "A message that Signal itself takes was seen in simulators only.",
            "What stands under errors.recipients of signal-cli-rest-api is not documented.",
            "A server may still list an account whose link was removed at the phone.",
        ),
    ),
    inspect=inspect,
    pairing=pair,
)
