# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A login by a modem: the code is read from what the modem was told, and the reload spares it."""

from collections.abc import Iterator
from io import StringIO

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from tests.bus.client import ADMIN, Client
from tests.bus.conftest import MASKED, PIN
from tests.bus.daemon import Daemon, wait_until
from tests.fakes.scripted_modem import Script, ScriptedModem


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


def code_in(pdu: str) -> str:
    """Return the code in a message."""
    text = str(SMSSubmit.decode(StringIO(pdu))["user_data"]["data"])
    return next(word for word in text.split() if word.isdigit())
