# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One mail to one server: RFC 5321's commands in turn, and what became of it."""

import base64
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from typing import Final

from smsotpd.core.mail_server import MailServer, Protection
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.failure import outcome_from_error
from smsotpd.gateways.providers.smtp.connection import Connection
from smsotpd.gateways.providers.smtp.mail import Mail
from smsotpd.gateways.providers.smtp.reply import Stage, outcome_from_reply

_OK: Final = 250
_FORWARDED: Final = 251
_LOGGED_IN: Final = 235
_GO_ON: Final = 334
_QUEUED: Final = re.compile(rb"\bqueued as ([A-Za-z0-9]{1,64})\b")


class _RefusedError(Exception):
    """A step failed with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Delivery:
    """One attempt; it remembers how far it came, since that decides what a failure means."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._stage = Stage.GREETING

    def run(self, mail: Mail | None, seconds: float) -> Outcome:
        """Deliver within so many seconds, or without a mail just log in.

        Never raises for what a server or network does.
        """
        server = self._server
        try:
            context = None if server.protection is Protection.NONE else _context(server)
            at_once = context if server.protection is Protection.TLS else None
            with closing(Connection(server.host, server.port, at_once, seconds)) as connection:
                self._begin(connection, context if at_once is None else None)
                return Accepted() if mail is None else self._hand_over(connection, mail)
        except _RefusedError as refused:
            return refused.outcome
        except smtplib.SMTPResponseException as refused:
            return outcome_from_reply(self._stage, refused.smtp_code, _bytes(refused.smtp_error))
        except smtplib.SMTPNotSupportedError:
            return Deferred(ErrorClass.TEMPORARY, "TLS: the mail server does not offer STARTTLS")
        except (OSError, ValueError) as error:
            return self._broken(error)

    def _begin(self, connection: Connection, starttls: ssl.SSLContext | None) -> None:
        self._greet(connection)
        if starttls is not None:
            self._stage = Stage.STARTTLS
            connection.starttls(context=starttls)
            self._greet(connection)
        if self._server.user:
            self._log_in(connection)

    def _hand_over(self, connection: Connection, mail: Mail) -> Outcome:
        self._expect(Stage.MAIL, partial(connection.mail, mail.sender))
        self._expect(Stage.RCPT, partial(connection.rcpt, mail.recipient))
        text = self._expect(Stage.DATA, partial(connection.data, mail.content))
        with suppress(OSError):
            connection.putcmd("QUIT")
        queued = _QUEUED.search(text)
        return Accepted(queued[1].decode("ascii") if queued else "")

    def _greet(self, connection: Connection) -> None:
        self._stage = Stage.EHLO
        connection.ehlo_or_helo_if_needed()

    def _log_in(self, connection: Connection) -> None:
        """Log in by PLAIN (RFC 4616), else LOGIN, in UTF-8; smtplib's own login is ASCII's."""
        self._stage = Stage.AUTH
        user, password = self._server.user, self._server.password.reveal()
        offered = connection.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            answer = _base64(f"\0{user}\0{password}")
            reply = connection.docmd("AUTH", f"PLAIN {answer}")
        elif "LOGIN" in offered:
            reply = connection.docmd("AUTH", "LOGIN")
            for each in (user, password):
                if reply[0] == _GO_ON:
                    reply = connection.docmd(_base64(each))
        else:
            raise _RefusedError(
                Rejected(ErrorClass.AUTH, "the mail server offers no login by PLAIN or LOGIN")
            )
        if reply[0] != _LOGGED_IN:
            raise _RefusedError(outcome_from_reply(Stage.AUTH, *reply))

    def _expect(self, stage: Stage, command: Callable[[], tuple[int, bytes]]) -> bytes:
        self._stage = stage
        code, text = command()
        if code != _OK and not (stage is Stage.RCPT and code == _FORWARDED):
            raise _RefusedError(outcome_from_reply(stage, code, text))
        return text

    def _broken(self, error: Exception) -> Outcome:
        if self._stage is Stage.DATA:
            return Unknown("the connection broke while or after the message was handed over")
        if isinstance(error, ssl.SSLError | socket.gaierror | ConnectionRefusedError):
            return outcome_from_error(error, handed_over=False)
        return Deferred(
            ErrorClass.TEMPORARY,
            f"the mail server did not answer in time, or hung up, at {self._stage}",
        )


def _context(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8997
    return context


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _bytes(text: bytes | str) -> bytes:
    return text.encode(errors="replace") if isinstance(text, str) else text
