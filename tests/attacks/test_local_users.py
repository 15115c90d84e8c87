# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user of this machine sends whatever the bus carries, and takes no login from anybody else."""

import asyncio
import os
import pwd
import struct
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest
from dbus_next import Message, MessageFlag, MessageType, Variant

from pam_smsotp.wire import encode_strings
from tests.attacks.polkit import polkit_that_says
from tests.attacks.raw_connection import AUTHENTICATION, INTROSPECTABLE, PEER, RawConnection
from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon, wait_until
from tests.bus.private_bus import ROOT
from tests.tally import Tried

NOBODY: Final = pwd.getpwnam("nobody")
SIGNAL: Final = 4
# D-Bus Specification, "Header Fields".
UNIX_FDS: Final = 9


async def log_in(root: Client, daemon: Daemon, service: str = "sshd") -> float:
    """Log alice in as sshd does; return the seconds that it took."""
    begun = time.monotonic()
    async with asyncio.timeout(10):
        transaction, _ = await root.begin("alice", service)
        await root.respond(transaction, PIN)
        assert await root.respond(transaction, daemon.code()) == [["outcome", "PAM_SUCCESS"]]
    return time.monotonic() - begun


def memory(daemon: Daemon) -> int:
    """Return the daemon's resident memory in KiB."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)


async def test_nobody_takes_all_places_for_logins(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(80)
    (daemon.configuration / "smsotpd.d").mkdir()
    (daemon.configuration / "smsotpd.d/few.toml").write_text("[daemon]\nmost_transactions = 64\n")
    daemon.reload()
    refused = 0
    async with AsyncExitStack() as stack:
        for _ in range(20):
            client = await stack.enter_async_context(Client(daemon.address, NOBODY.pw_uid))
            for _ in range(4):
                with suppress(BusError):
                    await client.begin("nobody")
                    continue
                refused += 1
        (status,) = await root.call(ADMIN, "Status")
        assert (status["transactions"].value, refused) == (1, 79)
        await log_in(root, daemon)


async def test_questions_of_polkit_that_nobody_answers_take_no_place(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(1500)
    async with polkit_that_says(daemon.address, yes=None) as asked:
        with RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
            for _ in range(1500):
                attacker.call(("org.smsotp1", "/org/smsotp1", ADMIN), "Status")
            await log_in(root, daemon)
            assert 1 <= len(asked) <= 8


async def test_a_flood_of_wrong_pins_delays_no_login(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(3000)
    usual = await log_in(root, daemon)
    with RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
        for _ in range(3000):
            attacker.call(AUTHENTICATION, "Respond", "ss", encode_strings("x", "y"))
        assert await log_in(root, daemon) < usual + 2


@contextmanager
def descriptors(count: int) -> Iterator[list[int]]:
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(count)]
    try:
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)


def announcing(message: bytearray, count: int) -> bytearray:
    """Add the header field that says how many descriptors a message carries."""
    (length,) = struct.unpack_from("<I", message, 12)
    fields = message[16 : 16 + length]
    fields += bytes(-len(fields) % 8) + bytes((UNIX_FDS,)) + b"\x01u\0" + struct.pack("<I", count)
    changed = message[:12] + struct.pack("<I", len(fields)) + fields
    return changed + bytes(-len(changed) % 8)


@pytest.mark.parametrize(
    ("address", "member", "kind"),
    [
        (PEER, "Ping", 1),
        (INTROSPECTABLE, "Introspect", 1),
        (AUTHENTICATION, "Begin", 1),
        (AUTHENTICATION, "NoSuchMethod", 1),
        (("org.smsotp1", "/elsewhere", "org.smsotp1.Admin"), "SetPin", 1),
        (("org.smsotp1", "/org/smsotp1", "org.smsotp1.Admin"), "SetPin", 1),
        (AUTHENTICATION, "Begin", SIGNAL),
    ],
)
async def test_descriptors_that_nobody_asked_for_are_closed(
    root: Client,
    daemon: Daemon,
    address: tuple[str, str, str],
    member: str,
    kind: int,
    tried: Tried,
) -> None:
    tried(50)
    before = daemon.descriptors()
    with descriptors(16) as opened, RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
        for _ in range(50):
            message = announcing(attacker.encoded(address, member), len(opened))
            message[1] = kind
            with suppress(ConnectionError):  # the bus has had enough of it, too
                attacker.send(message, opened)
        await log_in(root, daemon)
        wait_until(lambda: daemon.descriptors() <= before, 20)


async def test_a_message_of_megabytes_costs_neither_time_nor_memory(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried()
    before = memory(daemon)
    length = 16 * 1024 * 1024
    body = struct.pack("<I", length) + bytes(length)
    with RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
        attacker.call(AUTHENTICATION, "Begin", "aau", body)
        assert await log_in(root, daemon) < 4
        assert attacker.is_open()
    assert memory(daemon) < before + 8 * 1024


async def test_a_message_that_is_too_long_is_refused_with_a_word(
    daemon: Daemon, tried: Tried
) -> None:
    tried()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        variants = {"user": Variant("s", "n" * 100_000), "service": Variant("s", "sshd")}
        with pytest.raises(BusError, match="BadArgument"):
            await client.call("org.smsotp1.Authentication", "Begin", "a{sv}", [variants])
        assert (await client.begin("nobody"))[1] == [["hidden", "PIN: "]]


@pytest.mark.parametrize("place", [1, 2, 3])
async def test_a_header_that_is_unusual_ends_no_daemon(
    root: Client, daemon: Daemon, place: int, tried: Tried
) -> None:
    tried(6)
    for value in (0, 5, 7, 0x40, 0xF8, 0xFF):
        with RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
            message = attacker.encoded(AUTHENTICATION, "Begin")
            message[place] = value
            with suppress(ConnectionError):
                attacker.send(message)
    await log_in(root, daemon)
    assert daemon.process.poll() is None


async def test_invented_signatures_are_not_kept(root: Client, daemon: Daemon, tried: Tried) -> None:
    tried(2000)
    before = memory(daemon)
    with RawConnection(daemon.address, NOBODY.pw_uid) as attacker:
        for number in range(2000):
            signature = "".join("ui"[number >> bit & 1] for bit in range(16)) + "u" * 200
            attacker.call(PEER, "Ping", signature, bytes(4 * len(signature)))
    await log_in(root, daemon)
    assert memory(daemon) < before + 24 * 1024


async def test_the_origin_of_a_login_is_nobodys_to_invent(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        await root.enrol("nobody", "+4915112345699", PIN)
        transaction, _ = await client.begin("nobody", "sshd", rhost="192.0.2.7")
        await client.respond(transaction, PIN)
        code = daemon.code()
        mine, _ = await client.begin("nobody", "sshd")
        await client.respond(mine, PIN)
        assert daemon.code() == code, "with and without the invented host it is one challenge"


async def test_nobody_replies_in_the_name_of_the_bus(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    """A forged reply to GetConnectionCredentials would make a stranger root."""
    tried(199)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for serial in range(1, 200):
            forged = Message(
                message_type=MessageType.METHOD_RETURN,
                destination="org.smsotp1",
                interface="org.smsotp1.Authentication",
                reply_serial=serial,
                signature="a{sv}",
                body=[{"UnixUserID": Variant("u", 0)}],
                flags=MessageFlag.NO_REPLY_EXPECTED,
            )
            await client._bus.send(forged)
        with pytest.raises(BusError, match="NotAuthorized"):
            await client.begin("alice")
    await log_in(root, daemon)


CONTRACT: Final = ROOT / "packaging/usr/share/dbus-1/interfaces/org.smsotp1.xml"
ACTIONS: Final = ROOT / "packaging/usr/share/polkit-1/actions/org.smsotp1.policy"
# Whatever polkit would say: the glass is root's to break.
ROOT_ONLY: Final = ["BreakGlass"]
SAMPLES: Final = {"s": "alice", "h": 0, "b": True, "u": 6, "a{ss}": {}}


def admin_methods() -> list[tuple[str, list[str]]]:
    """Return name and argument types of each method that the contract offers administrators."""
    interface = ET.parse(CONTRACT).find(f"interface[@name='{ADMIN}']")  # noqa: S314  # our own file
    assert interface is not None
    return [
        (
            str(method.get("name")),
            [str(arg.get("type")) for arg in method.findall("arg[@direction='in']")],
        )
        for method in interface.findall("method")
    ]


async def test_every_method_of_administration_asks_polkit_for_an_action_that_is_shipped(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    shipped = {each.get("id") for each in ET.parse(ACTIONS).iter("action")}  # noqa: S314  # as above
    methods = admin_methods()
    tried(len(methods))
    before = await root.call(ADMIN, "ListUsers")
    async with (
        polkit_that_says(daemon.address, yes=False) as asked,
        Client(daemon.address, NOBODY.pw_uid) as client,
    ):
        unasked = []
        for member, types in methods:
            questions = len(asked)
            body = [SAMPLES[kind] for kind in types]
            with pytest.raises(BusError, match="NotAuthorized"):
                await client.call(ADMIN, member, "".join(types), body, secret="1470258369")
            if len(asked) == questions:
                unasked.append(member)
    assert len(methods) >= 20
    assert unasked == ROOT_ONLY
    assert set(asked) == {each for each in shipped if each and ".self." not in each}
    assert await root.call(ADMIN, "ListUsers") == before


@pytest.mark.parametrize("member", ROOT_ONLY)
async def test_what_is_roots_alone_polkit_gives_to_nobody(
    root: Client, daemon: Daemon, tried: Tried, member: str
) -> None:
    tried()
    (types,) = [types for name, types in admin_methods() if name == member]
    body = [{"s": "alice", "u": 900}[kind] for kind in types]
    async with (
        polkit_that_says(daemon.address, yes=True) as asked,
        Client(daemon.address, NOBODY.pw_uid) as client,
    ):
        with pytest.raises(BusError, match="NotAuthorized"):
            await client.call(ADMIN, member, "".join(types), body)
        assert asked == []
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    assert details["has_break_glass"].value is False
    await root.call(ADMIN, member, "".join(types), body)
