# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A message as a mail: MAILTO, SUBJECT and BODY with their tags filled in."""

import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import Final

from smsotpd.core.mail_server import MailServer
from smsotpd.core.message import Message
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.number import rewritten
from smsotpd.gateways.spec.template import PHONE, TEXT, fill

# One address without a comment, quotes or a list; ASCII, which every server takes.
_ADDRESS: Final = re.compile(
    r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one address; its printed form shows neither."""

    sender: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)


def compose(values: Values, message: Message, server: MailServer) -> Mail | Rejected:
    """Return the mail that carries a message, or why there is none."""
    number = rewritten(values, message.recipient.address)
    if not number:
        return Rejected(ErrorClass.RECIPIENT, "REGEXP leaves nothing of the number")
    tags = {PHONE: number, TEXT: message.text}
    recipient, subject, body = (
        fill(values.text(name), tags) for name in ("MAILTO", "SUBJECT", "BODY")
    )
    if not is_address(recipient):
        return Rejected(ErrorClass.RECIPIENT, "MAILTO with number and text is not one mail address")
    if not subject.isprintable():
        return Rejected(ErrorClass.CONTENT, "the subject would hold a line break")
    if not is_text(body):
        return Rejected(ErrorClass.CONTENT, "the text holds what no mail can carry")
    mail = EmailMessage(SMTP)
    mail["From"] = mail["Reply-To"] = server.sender
    mail["To"] = recipient
    mail["Subject"] = subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=server.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, 5: nobody is to answer it by program
    mail.set_content(body, charset="utf-8", cte="base64")
    return Mail(server.sender, recipient, mail.as_bytes())


def is_address(text: str) -> bool:
    """Tell whether a text is one plain mail address."""
    return text.isascii() and _ADDRESS.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Tell whether a text can be written in UTF-8, and holds no zero character."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
