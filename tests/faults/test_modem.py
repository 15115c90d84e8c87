# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem vanishes, or falls silent, in mid-login: the code goes by the next gateway, in time."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.bus.client import Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon, wait_until
from tests.bus.test_modem import code_in
from tests.fakes.scripted_modem import SILENCE, Script, ScriptedModem
from tests.faults.extent import ALL
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
DEADLINE = 15.0

Fault = Callable[[ScriptedModem], None]


def unplugged_at(step: str) -> Fault:
    return lambda modem: setattr(modem.script, "unplugged_at", step)


FAULTS: dict[str, Fault] = {
    "is gone before the login": ScriptedModem.unplug,
    "goes at the command": unplugged_at("command"),
    "goes at the prompt": unplugged_at("prompt"),
    "goes after the message": unplugged_at("body"),
    "goes amid the result": unplugged_at("result"),
    "falls silent": lambda modem: setattr(modem.script, "deaf_at", "AT+CMGS="),
    "refuses the message": lambda modem: setattr(modem.script, "results", ("CMS 38",)),
    "has lost its network": lambda modem: setattr(modem.script, "registration", (2,)),
    "asks for another PIN": lambda modem: setattr(modem.script, "results", ("CMS 311",)),
}

if ALL:  # it takes as long as the one that falls silent
    FAULTS["never tells the result"] = lambda modem: setattr(modem.script, "results", (SILENCE,))


@pytest.fixture
def modem() -> Iterator[ScriptedModem]:
    with ScriptedModem(Script()) as modem:
        yield modem


@pytest.mark.parametrize("how", FAULTS)
async def test_the_next_gateway_carries_the_code_of_a_modem_that(
    root: Client, daemon: Daemon, modem: ScriptedModem, tried: Tried, how: str
) -> None:
    tried()
    await root.configure("gsm", "modem", {"DEVICE": str(modem.link.resolve())})
    wait_until(lambda: "AT+CPMS?" in modem.commands, 20)
    settings = daemon.configuration / "smsotpd.toml"
    settings.write_text(
        settings.read_text().replace("[gateways]", '[gateways]\norder = ["gsm", "outbox"]')
    )
    daemon.reload()
    name, _ = await root.begin("alice")
    FAULTS[how](modem)

    begun = time.monotonic()
    steps = await root.respond(name, PIN)
    assert steps[-1][0] == "hidden"
    assert time.monotonic() - begun < DEADLINE
    carried = [*map(code_in, modem.sent), *(text["text"].split()[0] for text in daemon.messages())]
    # After an ambiguous end, both carry the same code.
    [code] = set(carried)
    assert await root.respond(name, code) == GRANTED
    # The modem that is gone holds nobody up any more.
    again, _ = await root.begin("alice")
    assert (await root.respond(again, PIN))[-1][0] == "hidden"
