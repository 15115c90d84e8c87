# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""XMPP, through Prosody's modules mod_rest or mod_post_msg: one POST, by the account's login."""

import base64
from collections.abc import Generator
from typing import Final
from urllib.parse import quote, urlsplit

from smsotpd.core.channel import parse_recipient
from smsotpd.core.channel_names import XMPP
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.xmpp.reply import FAILURES, OK, POST_MSG, REST, outcome
from smsotpd.gateways.spec import Evidence, Gateway, Http, Json, Request, Response, Values
from smsotpd.gateways.spec.own_server import CA_FILE, check_authorities, check_base, is_loopback
from smsotpd.gateways.spec.reading import entry, parse_json_object
from smsotpd.gateways.spec.request import JSON_TYPE
from smsotpd.gateways.spec.status import outcome_from_status


def _request(values: Values, message: Message) -> Request:
    jid = quote(message.recipient.address, safe="@")
    body = Json({"body": message.text})
    return Request(
        "POST",
        f"{_base(values)}{jid}",
        body=body,
        headers=_headers(values),
        ca_file=values.text("ca_file"),
    )


def _base(values: Values) -> str:
    return f"{values.text('server').rstrip('/')}/"


def _headers(values: Values) -> dict[str, str]:
    """Log in: mod_rest wants the name before the @ alone, mod_post_msg the whole address.

    Always in UTF-8, which is what Prosody compares passwords in.
    """
    sender = values.text("sender")
    user = sender.partition("@")[0] if values.text("method") == REST else sender
    login = base64.b64encode(f"{user}:{values.text('password')}".encode()).decode("ascii")
    return {"Authorization": f"Basic {login}", "Accept": JSON_TYPE}


def _inspect(values: Values) -> Generator[Request, Response, Report]:
    """Ping the server as the account; mod_post_msg has nothing to ask without sending."""
    prefix, is_usual, _kind = _base(values).rpartition("/message/")
    if values.text("method") == POST_MSG or not is_usual:
        return Report(Condition.UNKNOWN, "there is no way to ask without sending a message")
    domain = values.text("sender").partition("@")[2]
    response = yield Request(
        "GET",
        f"{prefix}/ping/{quote(domain)}",
        headers=_headers(values),
        ca_file=values.text("ca_file"),
        hands_over=False,
    )
    failure = outcome_from_status(response, frozenset({OK}))
    if failure is not None:
        return Report(Condition.DOWN, getattr(failure, "detail", ""))
    match entry(parse_json_object(response.text), "type"):
        case "result":
            return Report(Condition.READY, "the server takes our login and answers a ping")
        case "error":
            return Report(Condition.DEGRADED, "we may log in, but the server answers no ping")
        case _:
            return Report(Condition.UNKNOWN, "the reply to a ping cannot be read")


def _check(values: Values) -> None:
    server = values.text("server")
    check_base("server", server)
    parts = urlsplit(server)
    if parts.username is not None:
        raise BadArgumentError("server", "must hold no user: sender and password log in")
    if parts.scheme != "https" and not is_loopback(server):
        raise BadArgumentError(
            "server", "must begin with https:// unless it is on this host: the password is sent"
        )
    if values.text("method") == REST and parts.path.rstrip("/").endswith("/rest"):
        raise BadArgumentError("server", "must go on after /rest with /message/chat/")
    check_authorities("ca_file", values.text("ca_file"), server)
    try:
        parse_recipient(XMPP, values.text("sender"))
    except BadArgumentError as error:
        raise BadArgumentError("sender", error.complaint) from error


GATEWAY: Final = Gateway(
    id="xmpp",
    title="XMPP, by a module of Prosody",
    link="https://modules.prosody.im/mod_rest",
    settings=(
        SettingDescription(
            "method",
            "Module that takes messages",
            "rest: mod_rest, post_msg: mod_post_msg. Prefer mod_rest: it says when a user does "
            "not exist.",
            kind="choice",
            default=REST,
            choices=(REST, POST_MSG),
        ),
        SettingDescription(
            "server",
            "Address of the module",
            "As in https://xmpp.example:5281/rest/message/chat/ or https://xmpp.example:5281/msg/; "
            "the recipient is appended.",
            kind="url",
            required=True,
        ),
        SettingDescription(
            "sender", "XMPP address that sends", "As in otp@xmpp.example.", required=True
        ),
        SettingDescription("password", "Password of that account", required=True, secret=True),
        CA_FILE,
    ),
    transport=Http(request=_request, outcome=outcome),
    check=_check,
    channel=XMPP,
    failures=FAILURES,
    evidence=Evidence(
        verified="the status codes of both modules, of January 2024, under Prosody 0.12.3; "
        "a real Prosody with modules made after them, read by a real client",
        uncertain=(
            "Newer versions of mod_rest may answer otherwise.",
            "mod_post_msg answers 201 for a user of its own server that does not exist.",
            "A message to another server that cannot be reached is accepted, and lost unseen.",
        ),
    ),
    inspect=_inspect,
)
