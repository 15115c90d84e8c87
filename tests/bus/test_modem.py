# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A login by a modem: the code is read from what the modem was told, and the reload spares it."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from tests.bus.client import ADMIN, Client
from tests.bus.conftest import MASKED, PIN
from tests.bus.daemon import Daemon, wait_until
from tests.fakes.scripted_modem import Script, ScriptedModem

_TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h; Python has no name for it


@pytest.fixture
def modem() -> Iterator[ScriptedModem]:
    with ScriptedModem(Script(sim="SIM PIN")) as modem:
        yield modem


async def test_pin_then_code_from_the_modem_is_in(
    root: Client, daemon: Daemon, modem: ScriptedModem
) -> None:
    await root.configure("gsm", "modem", {"DEVICE": str(modem.link.resolve()), "PIN": "1234"})
    wait_until(lambda: "AT+CPMS?" in modem.commands, 20)
    await root.call(ADMIN, "DisableGateway", "s", ["outbox"])
    daemon.reload()
    transaction, _ = await root.begin("alice")
    assert await root.respond(transaction, PIN) == [["hidden", f"Code sent to {MASKED}: "]]
    (pdu,) = modem.sent
    assert await root.respond(transaction, code_in(pdu)) == [["outcome", "PAM_SUCCESS"]]
    assert modem.commands.count('AT+CPIN="1234"') == 1


async def test_a_daemon_that_ends_gives_its_modem_back(
    root: Client, daemon: Daemon, modem: ScriptedModem
) -> None:
    await root.configure("gsm", "modem", {"DEVICE": str(modem.link.resolve()), "PIN": "1234"})
    wait_until(lambda: "AT+CPMS?" in modem.commands, 20)
    begun = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begun < 5
    assert not is_closed_to_others(modem)


def is_closed_to_others(modem: ScriptedModem) -> bool:
    """Tell whether a modem's port is marked as one program's alone (TIOCGEXCL)."""
    port = os.open(modem.link, os.O_RDWR | os.O_NOCTTY)
    try:
        return bool(int.from_bytes(fcntl.ioctl(port, _TIOCGEXCL, b"\0" * 4), sys.byteorder))
    finally:
        os.close(port)


def code_in(pdu: str) -> str:
    """Return the code in a message."""
    text = str(SMSSubmit.decode(StringIO(pdu))["user_data"]["data"])
    return next(word for word in text.split() if word.isdigit())
