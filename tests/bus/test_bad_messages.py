# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever comes over the bus: a clear refusal, nothing lost, the daemon alive."""

from typing import Any

import pytest
from dbus_next import Variant

from tests.bus.client import ADMIN, AUTHENTICATION, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon

BAD = "org.smsotp1.Error.BadArgument"

CONTEXTS = {
    "no user": {"service": Variant("s", "sshd")},
    "no service": {"user": Variant("s", "alice")},
    "a user of 10 kB": {"user": Variant("s", "a" * 10_000), "service": Variant("s", "sshd")},
    "a newline in the user": {"user": Variant("s", "al\nice"), "service": Variant("s", "sshd")},
    "an escape in rhost": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "rhost": Variant("s", "\x1b[2J"),
    },
    "a newline in tty": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "tty": Variant("s", "ssh\nfake journal line"),
    },
    "a number as user": {"user": Variant("u", 5), "service": Variant("s", "sshd")},
    "an unknown mode": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "mode": Variant("s", "root"),
    },
    "an unknown flag": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "flags": Variant("as", ["trust-me"]),
    },
    "flags of another type": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "flags": Variant("u", 1),
    },
    "an unknown key": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "uid": Variant("u", 0),
    },
    "a field in a prompt": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "code_prompt": Variant("s", "{otp}"),
    },
    "a prompt of 1 kB": {
        "user": Variant("s", "alice"),
        "service": Variant("s", "sshd"),
        "pin_prompt": Variant("s", "x" * 1000),
    },
}


@pytest.mark.parametrize("what", CONTEXTS)
async def test_a_bad_context_is_refused(root: Client, what: str) -> None:
    with pytest.raises(BusError) as caught:
        await root.call(AUTHENTICATION, "Begin", "a{sv}", [CONTEXTS[what]])
    assert caught.value.name == BAD
    assert "\n" not in caught.value.text
    assert (await root.begin("alice"))[1] == [["hidden", "PIN: "]]


CALLS: dict[str, tuple[str, str, str, list[Any]]] = {
    "Begin of a string": (AUTHENTICATION, "Begin", "s", ["alice"]),
    "Begin of a{ss}": (AUTHENTICATION, "Begin", "a{ss}", [{"user": "alice"}]),
    "Respond without an answer": (AUTHENTICATION, "Respond", "s", ["x"]),
    "Respond with a number": (AUTHENTICATION, "Respond", "su", ["x", 1]),
    "Verify of nothing": (AUTHENTICATION, "Verify", "", []),
    "an answer of 100 kB": (AUTHENTICATION, "Respond", "ss", ["x", "1" * 100_000]),
    "a PIN as string": (ADMIN, "SetPin", "ss", ["alice", "1"]),
    "a descriptor that is not there": (ADMIN, "SetPin", "sh", ["alice", 7]),
    "a phone without plus": (ADMIN, "EnrolUser", "ssshb", ["bob", "sms", "0151", 7, False]),
}


@pytest.mark.parametrize("what", CALLS)
async def test_a_bad_call_is_refused(root: Client, what: str) -> None:
    with pytest.raises(BusError) as caught:
        await root.call(*CALLS[what])
    assert caught.value.name == BAD
    assert "Traceback" not in caught.value.text
    await root.call(ADMIN, "Status")


@pytest.mark.parametrize("phone", ["0151123", "+", "+49", "+49151,+49152", "+491511234@x", "+0000"])
async def test_a_phone_that_is_none_is_refused_unrepeated(root: Client, phone: str) -> None:
    with pytest.raises(BusError) as caught:
        await root.enrol("bob", phone, PIN)
    assert caught.value.name == BAD
    assert len(phone) < 3 or phone not in caught.value.text


@pytest.mark.parametrize("answer", ["\b\n\r\x7fINCORRECT\b\n", "\x00".strip("\x00"), "\x1b[A" * 20])
async def test_what_nobody_typed_is_denied_and_not_counted(root: Client, answer: str) -> None:
    transaction, _ = await root.begin("alice")
    assert await root.respond(transaction, answer) == [["outcome", "PAM_AUTH_ERR"]]
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    assert details["failures"].value == 0


async def test_a_pin_of_100_kb_is_refused(root: Client) -> None:
    with pytest.raises(BusError) as caught:
        await root.call(ADMIN, "SetPin", "sh", ["alice", 0], secret="7" * 100_000)
    assert caught.value.name == BAD


@pytest.mark.parametrize("secrets", ["[1]", '{"a": 1}', "{", '{"PASSWORD": "hush"'])
async def test_secrets_that_are_no_texts_are_refused_unrepeated(root: Client, secrets: str) -> None:
    body = ["other", "outbox", {}, 0, False]
    with pytest.raises(BusError) as caught:
        await root.call(ADMIN, "ConfigureGateway", "ssa{ss}hb", body, secret=secrets)
    assert caught.value.name == BAD
    assert "hush" not in caught.value.text


async def test_unwanted_descriptors_are_closed(root: Client, daemon: Daemon) -> None:
    before = daemon.descriptors()
    for _ in range(50):
        await root.call(ADMIN, "Status", secret="unwanted")
        with pytest.raises(BusError):
            await root.call(ADMIN, "NoSuchMethod", secret="unwanted")
    assert daemon.descriptors() <= before + 2
