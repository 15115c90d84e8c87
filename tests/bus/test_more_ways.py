# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Authenticators, recovery codes and break-glass codes over the real bus, store and hash."""

import asyncio
import pwd
from contextlib import AsyncExitStack
from datetime import datetime

import pyotp
import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon

NOBODY = pwd.getpwnam("nobody")
GRANTED = ["outcome", "PAM_SUCCESS"]


async def log_in(root: Client, code: str) -> list[str]:
    """Log in by PIN and a code; return the last step."""
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, PIN)
    return (await root.respond(transaction, code))[-1]


async def add_app(root: Client) -> pyotp.TOTP:
    """Set an app up as a person does: read the URI, type a code back."""
    (offer,) = await root.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    app = pyotp.parse_uri(offer["uri"].value)
    assert isinstance(app, pyotp.TOTP)
    assert app.secret == offer["seed"].value
    body = [offer["authenticator"].value, app.now()]
    await root.call(ADMIN, "ConfirmAuthenticator", "ss", body)
    return app


async def test_an_app_logs_in_once_by_each_code_and_after_a_restart(
    root: Client, daemon: Daemon
) -> None:
    app = await add_app(root)
    code = app.at(datetime.now().astimezone(), 1)
    assert await log_in(root, code) == GRANTED
    daemon.kill()
    daemon.restart()
    assert await log_in(root, code) != GRANTED


async def test_the_database_holds_no_seed(root: Client, daemon: Daemon) -> None:
    app = await add_app(root)
    content = b"".join(path.read_bytes() for path in daemon.state.glob("smsotpd.db*"))
    assert app.secret.encode() not in content
    assert app.byte_secret() not in content
    assert app.byte_secret().hex().encode() not in content


async def test_a_recovery_code_logs_in_once(root: Client, daemon: Daemon) -> None:
    (codes,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    assert len(codes) == 10
    assert await log_in(root, codes[3].lower()) == GRANTED
    daemon.kill()
    daemon.restart()
    assert await log_in(root, codes[3]) != GRANTED
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    assert details["recovery_codes"].value == 9


async def test_a_break_glass_code_logs_in_once(root: Client) -> None:
    (code,) = await root.call(ADMIN, "BreakGlass", "sus", ["alice", 900, "phone lost"])
    assert await log_in(root, code) == GRANTED
    assert await log_in(root, code) != GRANTED


async def test_nobody_but_root_gets_any_of_them(daemon: Daemon, root: Client) -> None:
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for member, signature, body in (
            ("AddAuthenticator", "su", ["alice", 6]),
            ("ConfirmAuthenticator", "ss", ["x", "123456"]),
            ("RemoveAuthenticator", "s", ["alice"]),
            ("RenewRecoveryCodes", "s", ["alice"]),
            ("BreakGlass", "sus", ["alice", 900, "because"]),
        ):
            with pytest.raises(BusError) as caught:
                await client.call(ADMIN, member, signature, body)
            assert caught.value.name == "org.smsotp1.Error.NotAuthorized", member
    assert await root.call(ADMIN, "ShowUser", "s", ["alice"]) == [details]


async def test_one_code_of_an_app_from_two_connections_at_once_lets_one_in(
    root: Client, daemon: Daemon
) -> None:
    app = await add_app(root)
    async with Client(daemon.address) as other:
        begun = [(client, await client.begin("alice", "sshd")) for client in (root, other)]
        for client, (transaction, _) in begun:
            await client.respond(transaction, PIN)
        code = app.at(datetime.now().astimezone(), 1)
        ends = await asyncio.gather(
            *(client.respond(transaction, code) for client, (transaction, _) in begun)
        )
    assert [steps[-1] for steps in ends].count(GRANTED) == 1


async def test_one_recovery_code_from_many_connections_at_once_lets_one_in(
    root: Client, daemon: Daemon
) -> None:
    (codes,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(daemon.address)) for _ in range(3)]
        begun = [(client, await client.begin("alice", "sshd")) for client in clients]
        for client, (transaction, _) in begun:
            await client.respond(transaction, PIN)
        ends = await asyncio.gather(
            *(client.respond(transaction, codes[0]) for client, (transaction, _) in begun)
        )
    assert [steps[-1] for steps in ends].count(GRANTED) == 1
