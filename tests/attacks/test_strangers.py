# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user of this machine calls everything there is in the name of others, and learns nothing."""

import itertools
from collections.abc import Iterator
from typing import Any, Final

import pytest
from dbus_next import Message, MessageType, Variant

from tests.attacks.test_local_users import NOBODY
from tests.attacks.test_self_service import SELF
from tests.bus.client import ADMIN, AUTHENTICATION, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

OTHERS: Final = ("alice", "root", "invented", "ALICE", "alice.", "0", "nobod", "Nobody", "nobodyy")
MODES: Final = ("conversation", "two-attempt", "auto", "change-pin")
REFUSED: Final = "org.smsotp1.Error.NotAuthorized"


def contexts() -> Iterator[dict[str, Variant]]:
    """Return ways to begin a login of somebody else's."""
    for user, mode in itertools.product(OTHERS, MODES):
        yield {
            "user": Variant("s", user),
            "service": Variant("s", "sshd"),
            "mode": Variant("s", mode),
        }
    for user in OTHERS:
        yield {
            "user": Variant("s", user),
            "service": Variant("s", "sudo"),
            "ruser": Variant("s", "root"),
            "rhost": Variant("s", "192.0.2.1"),
            "flags": Variant("as", ["use-first-pass"]),
        }


async def test_nobody_begins_a_login_of_anybody_else(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    said = set()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for context in contexts():
            tried()
            with pytest.raises(BusError) as caught:
                await client.call(AUTHENTICATION, "Begin", "a{sv}", [context])
            said.add((caught.value.name, caught.value.text))
    assert {name for name, _ in said} == {REFUSED}
    assert len(said) == 1, "who is there, who is enrolled: all the same"
    (status,) = await root.call(ADMIN, "Status")
    assert status["transactions"].value == 0


@pytest.mark.parametrize("key", ["uid", "caller", "as", "User", "user ", "", "sender"])
async def test_no_other_word_names_a_user(daemon: Daemon, tried: Tried, key: str) -> None:
    tried()
    context = {"user": Variant("s", "nobody"), "service": Variant("s", "sshd")}
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        with pytest.raises(BusError, match="BadArgument"):
            await client.call(
                AUTHENTICATION, "Begin", "a{sv}", [context | {key: Variant("s", "alice")}]
            )


async def test_nothing_of_others_is_answered_cancelled_or_verified(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    (daemon.configuration / "smsotpd.d").mkdir()
    (daemon.configuration / "smsotpd.d/id.toml").write_text(
        "[policy.api]\ntransaction_id = true\nmode = 'two-attempt'\n"
    )
    daemon.reload()
    waiting, _ = await root.begin("alice")
    transaction, _ = await root.begin("alice", "api")
    steps = await root.respond(transaction, PIN)
    by_id = steps[1][1].removeprefix("Transaction id: ")
    code = daemon.code()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        tried(4)
        with pytest.raises(BusError, match="NoSuchTransaction"):
            await client.respond(waiting, PIN)
        await client.call(AUTHENTICATION, "Cancel", "s", [waiting])
        for guess in (code, "000000"):
            with pytest.raises(BusError, match="NotAuthorized"):
                await client.verify(by_id, guess)
    assert (await root.respond(waiting, PIN))[-1][0] == "hidden"
    assert await root.verify(by_id, code) == "PAM_SUCCESS", "and nothing was used up"


SELF_CALLS: Final[list[tuple[str, str, list[Any]]]] = [
    ("Status", "", []),
    ("Status", "s", ["alice"]),
    ("Change", "sss", ["pin", "", ""]),
    ("Change", "sss", ["number", "sms", "+4915112345600"]),
    ("Change", "sss", ["order", "sms", ""]),
    ("Change", "sss", ["recovery", "", ""]),
    ("Change", "sss", ["enrol", "sms", "+4915112345600"]),
    ("Change", "ssss", ["pin", "", "", "alice"]),
    ("Change", "sss", ["pin", "alice", "alice"]),
    ("Respond", "h", [0]),
    ("Respond", "sh", ["alice", 0]),
    ("Enrol", "ss", ["sms", "+4915112345600"]),
    ("Enrol", "sss", ["alice", "sms", "+4915112345600"]),
]


async def test_self_service_gives_nothing_of_others_whoever_asks(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    before = await root.call(ADMIN, "ListUsers")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for member, signature, body in SELF_CALLS:
            tried()
            secret = PIN if "h" in signature else None
            with pytest.raises(BusError) as caught:
                await client.call(SELF, member, signature, body, secret=secret)
            assert "alice" not in caught.value.text
            assert "89" not in caught.value.text
    assert await root.call(ADMIN, "ListUsers") == before
    assert daemon.messages() == []


@pytest.mark.parametrize(
    ("path", "interface"),
    [
        ("/org/smsotp1", None),
        ("/org/smsotp1", "org.freedesktop.DBus.Properties"),
        ("/org/smsotp1", "org.freedesktop.DBus.ObjectManager"),
        ("/org/smsotp1", "org.smsotp1.admin"),
        ("/org/smsotp1", "org.smsotp1.Authentication"),
        ("/org/smsotp1", "org.smsotp1.SelfService"),
        ("/", "org.smsotp1.Admin"),
        ("/org/smsotp1/Admin", "org.smsotp1.Admin"),
    ],
)
async def test_no_way_round_leads_to_administration(
    daemon: Daemon, tried: Tried, path: str, interface: str | None
) -> None:
    tried()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        reply = await client._bus.call(
            Message(destination="org.smsotp1", path=path, interface=interface, member="ListUsers")
        )
    assert reply is not None
    assert reply.message_type is MessageType.ERROR
    assert reply.error_name.rpartition(".")[2] in {
        "AccessDenied", "UnknownMethod", "UnknownObject", "UnknownInterface", "NotAuthorized"
    }  # fmt: skip


async def test_nobody_sees_what_passes_between_others(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    """The bus gives no monitor to who is not root, and no match that eavesdrops."""
    seen: list[Message] = []
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        client._bus.add_message_handler(seen.append)
        driver = {"path": "/org/freedesktop/DBus", "destination": "org.freedesktop.DBus"}
        tried(3)
        with pytest.raises(BusError):
            await client.call(
                "org.freedesktop.DBus.Monitoring", "BecomeMonitor", "asu", [[], 0], **driver
            )
        for rule in ("eavesdrop='true'", "type='method_call',eavesdrop='true'"):
            try:
                await client.call("org.freedesktop.DBus", "AddMatch", "s", [rule], **driver)
            except BusError:
                continue
        transaction, _ = await root.begin("alice")
        await root.respond(transaction, PIN)
        await root.respond(transaction, daemon.code())
        await client.call("org.freedesktop.DBus", "GetId", **driver)
    assert seen, "it does see what is sent to it"
    texts = [str(message.body) for message in seen]
    assert not [text for text in texts if PIN in text or daemon.code() in text or "alice" in text]
