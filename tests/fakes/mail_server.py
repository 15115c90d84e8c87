# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A real mail server (aiosmtpd) on the loopback, and one that says only what it is told to."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Script = Sequence[tuple[str, bytes]]
Then = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class MailServer:
    """Take mail for anybody but the refused, from whoever logs in.

    Attributes:
        login: user and password that it wants; None for no login.
        refusals: by command, what it answers instead of success.
        received: the envelopes it took.
    """

    login: tuple[str, str] | None = None
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    mechanisms_off: tuple[str, ...] = ()
    refusals: dict[str, str] = field(default_factory=dict)
    received: list[Envelope] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    sessions: list[SMTP] = field(default_factory=list)
    port: int = 0

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["MailServer"]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._session, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()
            talks = [vars(each)["_handler_coroutine"] for each in self.sessions]
            if any(talks):  # each ends when its client hangs up
                await asyncio.wait(filter(None, talks), timeout=5)

    def _session(self) -> SMTP:
        session = SMTP(
            self,
            hostname="mail.example",
            tls_context=self.starttls,
            require_starttls=self.starttls is not None,
            # aiosmtpd takes TLS from the beginning for none, and would warn.
            auth_required=self.login is not None and self.tls is None,
            auth_require_tls=self.tls is None,
            auth_exclude_mechanism=self.mechanisms_off,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )
        self.sessions.append(session)
        return session

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(mechanism)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" not in self.refusals:
            envelope.mail_from = address  # type: ignore[assignment]  # None in aiosmtpd's types
            envelope.mail_options.extend(options)
        return self.refusals.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if "RCPT" not in self.refusals:
            envelope.rcpt_tos.append(address)
        return self.refusals.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if "DATA" not in self.refusals:
            self.received.append(envelope)
        return self.refusals.get("DATA", "250 2.0.0 Ok: queued as 4F2A1")


@contextlib.asynccontextmanager
async def scripted(script: Script, then: Then | None = None) -> AsyncIterator[int]:
    """Serve on a port: wait for what begins with each text, say each answer, then `then` or close.

    The first text is empty for the greeting; `.` stands for the end of the mail.
    """

    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            for wanted, answer in script:
                while wanted:
                    line = (await reader.readuntil(b"\n")).decode("ascii")
                    if line.startswith(wanted) if wanted != "." else line == ".\r\n":
                        break
                writer.write(answer)
                await writer.drain()
            if then:
                await then(writer)

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await server.wait_closed()
