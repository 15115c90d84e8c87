# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Mail to a gateway that makes an SMS of it: privacyIDEA's SMTP provider, its accidents mended.

Every mend, and why, stands in docs/gateways/smtp.md.
"""

import ssl
from collections.abc import Mapping
from functools import partial
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.mail_server import MailServer
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.smtp.delivery import Delivery
from smsotpd.gateways.providers.smtp.mail import Mail, compose, is_address
from smsotpd.gateways.providers.smtp.reply import FAILURES
from smsotpd.gateways.spec import Direct, Evidence, Gateway, Values
from smsotpd.gateways.spec.number import REGEXP, parse_rewriting
from smsotpd.gateways.spec.template import PHONE, TEXT, fill

_SAMPLE: Final = {PHONE: "+491701234567", TEXT: "0"}
_TAGS: Final = "The tags {phone} and {otp} stand for the number and the message."


def _deliver(
    servers: Mapping[str, MailServer], values: Values, message: Message, seconds: float
) -> Outcome:
    server = servers.get(values.text("SMTPIDENTIFIER"))
    if server is None:
        return Rejected(ErrorClass.REJECTED, "the mail server is not defined any more")
    mail = compose(values, message, server)
    if not isinstance(mail, Mail):
        return mail
    return Delivery(server).run(mail, min(seconds, server.timeout))


def _inspect(servers: Mapping[str, MailServer], values: Values, seconds: float) -> Report:
    server = servers.get(values.text("SMTPIDENTIFIER"))
    if server is None:
        return Report(Condition.DOWN, "the mail server is not defined any more")
    outcome = Delivery(server).run(None, min(seconds, server.timeout))
    if not isinstance(outcome, Accepted):
        return Report(Condition.DOWN, outcome.detail)
    login = " and takes our login" if server.user else ""
    return Report(Condition.READY, f"the mail server answers{login}")


def _check(servers: Mapping[str, MailServer], values: Values) -> None:
    server = servers.get(values.text("SMTPIDENTIFIER"))
    if server is None:
        known = f"defined are {', '.join(sorted(servers))}" if servers else "none is defined"
        raise BadArgumentError(
            "SMTPIDENTIFIER",
            f"names no mail server: {known}; define it as [smtp.NAME] in smsotpd.toml and reload",
        )
    _check_authorities(server)
    parse_rewriting(values.text("REGEXP"))
    if not is_address(fill(values.text("MAILTO"), _SAMPLE)):
        raise BadArgumentError("MAILTO", "must be one mail address, as {phone}@sms.example.org")
    if not values.text("SUBJECT").isprintable():
        raise BadArgumentError("SUBJECT", "must hold no line break or control character")
    if not any(f"{{{TEXT}}}" in values.text(name) for name in ("MAILTO", "SUBJECT", "BODY")):
        raise BadArgumentError("BODY", "must hold the tag {otp}, or nothing carries the message")


def _check_authorities(server: MailServer) -> None:
    try:
        ssl.create_default_context(cafile=server.ca_file or None)
    except OSError as error:
        raise BadArgumentError(
            "SMTPIDENTIFIER",
            f"names a mail server whose ca_file the daemon cannot use: [smtp.{server.name}]",
        ) from error


def gateway(servers: Mapping[str, MailServer]) -> Gateway:
    """Return the gateway type over the mail servers that are defined."""
    return Gateway(
        id="smtp",
        title="Mail to an SMS gateway (SMTP)",
        link="https://privacyidea.readthedocs.io/en/v2.19.1/configuration/sms_gateway_config.html",
        settings=(
            SettingDescription(
                "SMTPIDENTIFIER",
                "Mail server",
                "Name of a server that smsotpd.toml defines: NAME of [smtp.NAME].",
                required=True,
            ),
            SettingDescription(
                "MAILTO", "Address", f"As in {{phone}}@sms.example.org. {_TAGS}", required=True
            ),
            SettingDescription("SUBJECT", "Subject", _TAGS, default="{phone}"),
            SettingDescription("BODY", "Text of the mail", _TAGS, default="{otp}"),
            REGEXP,
        ),
        transport=Direct(partial(_deliver, servers), partial(_inspect, servers)),
        check=partial(_check, servers),
        failures=FAILURES,
        evidence=Evidence(
            verified="a real mail server (aiosmtpd) with STARTTLS, TLS and logins",
            uncertain=(
                "What a gateway behind the mail server makes of a mail is not seen.",
                "552 is taken for a full mailbox at RCPT TO, else for a mail that is too large.",
            ),
        ),
    )


GATEWAY: Final = gateway({})
