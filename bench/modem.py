# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what passes through modems, and what a modem adds to a login by an instant gateway.

    PYTHONPATH=daemon python -m bench.modem [MESSAGES]

The modems are scripted ones on pseudo-terminals, which take 3 s for each message, or none for the
logins; the daemon of the logins is the real one on a private bus. A modem's own pace is that of one
whose next message is there at once. Logins by the two gateways take turns.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figure, table
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Condition
from smsotpd.modem.catalogue import ModemCatalogue
from smsotpd.modem.pin_marks import PinMarkFile
from tests.bus.client import ADMIN, Client
from tests.bus.conftest import CONFIGURATION, PHONE, PIN
from tests.bus.daemon import Daemon, wait_until
from tests.bus.private_bus import private_bus
from tests.bus.test_modem import code_in
from tests.fakes.scripted_modem import Script, ScriptedModem

SUBJECT = "modem"
SECONDS_A_MESSAGE = 3.0
LOGINS = 40
LIMITS = "\n".join(
    f"{name} = 1000000"
    for name in (
        "guesses_per_phone_and_hour",
        "sends_per_user_and_day",
        "sends_per_phone_and_day",
        "sends_per_origin_and_day",
    )
)


def device_of(modems: Sequence[ScriptedModem]) -> str:
    """Return the setting DEVICE that names these modems."""
    return ",".join(str(modem.link.resolve()) for modem in modems)


async def rate(count: int, messages: int) -> float:
    """Return how many of a crowd's codes a minute pass through so many modems."""
    with ExitStack() as stack:
        modems = [
            stack.enter_context(ScriptedModem(Script(result_seconds=SECONDS_A_MESSAGE)))
            for _ in range(count)
        ]
        state = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {"DEVICE": device_of(modems), "PER_MINUTE": "999"}
        catalogue = ModemCatalogue(PinMarkFile(state, b"k" * 32))
        sender = catalogue.sender(GatewayDefinition("gsm", "modem", settings))
        if (await sender.inspect(20)).condition is Condition.DOWN:
            raise SystemExit("bench: no modem is ready")
        codes = [
            Message(parse_phone(PHONE), f"Your code is {each}", 600.0, str(each))
            for each in range(123456, 123456 + messages)
        ]
        begun = time.monotonic()
        outcomes = await asyncio.gather(*(sender.send(each, 600.0) for each in codes))
        took = time.monotonic() - begun
    if not all(isinstance(each, Accepted) for each in outcomes):
        raise SystemExit(f"bench: not all messages were sent: {outcomes}")
    return messages / took * 60


async def login(root: Client, user: str, code: Callable[[], str]) -> float:
    """Log in; return the milliseconds from PIN to outcome."""
    transaction, _ = await root.begin(user)
    begun = time.monotonic()
    await root.respond(transaction, PIN)
    steps = await root.respond(transaction, code())
    took = time.monotonic() - begun
    if steps != [["outcome", "PAM_SUCCESS"]]:
        raise SystemExit(f"bench: no login: {steps}")
    return took * 1000


async def latencies(logins: int) -> dict[str, list[float]]:
    """Return the milliseconds of logins by an instant gateway and by an instant modem."""
    times: dict[str, list[float]] = {"outbox": [], "gsm": []}
    with ExitStack() as stack:
        bus = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="private-bus-")))
        address = stack.enter_context(private_bus(bus))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        modem = stack.enter_context(ScriptedModem())
        (directory / "etc").mkdir()
        # Each user has one gateway, by the route of its prefix.
        (directory / "etc/smsotpd.toml").write_text(
            f"{CONFIGURATION}{LIMITS}\n"
            '[route.one]\nprefixes = ["43"]\ngateways = ["outbox"]\n'
            '[route.two]\nprefixes = ["49"]\ngateways = ["gsm"]\n'
        )
        daemon = Daemon(address, directory)
        stack.callback(daemon.stop)
        daemon.wait_ready()
        async with Client(address) as root:
            await root.configure("outbox", "outbox", {"PATH": str(daemon.outbox)})
            settings = {"DEVICE": device_of([modem]), "PER_MINUTE": "999"}
            await root.configure("gsm", "modem", settings)
            await root.enrol("by_outbox", "+436641234567", PIN)
            await root.enrol("by_gsm", PHONE, PIN)
            wait_until(lambda: "AT+CPMS?" in modem.commands)
            for run in range(logins + 1):
                each = {
                    "outbox": await login(root, "by_outbox", daemon.code),
                    "gsm": await login(root, "by_gsm", lambda: code_in(modem.sent[-1])),
                }
                for name, milliseconds in each.items():
                    if run:  # the first of each finds cold caches
                        times[name].append(milliseconds)
            await root.call(ADMIN, "DisableGateway", "s", ["gsm"])
    return times


def measure(messages: int = 20, logins: int = LOGINS) -> list[Figure]:
    """Return messages a minute of one and two modems, and the logins' latencies."""
    figures = []
    for count in (1, 2):
        who = f"{count} modem{'s' * (count > 1)} of {SECONDS_A_MESSAGE:g} s a message"
        pace = count * 60 / SECONDS_A_MESSAGE
        per_minute = asyncio.run(rate(count, messages))
        figures += [
            Figure(SUBJECT, f"{who}: own pace", pace, "/min"),
            Figure(SUBJECT, f"{who}: messages", per_minute, "/min", at_least=0.9 * pace),
        ]
    times = asyncio.run(latencies(logins))
    for name, who in (("outbox", "an instant gateway"), ("gsm", "an instant modem")):
        what = f"login by {who}, PIN to outcome"
        figures += [
            Figure(SUBJECT, f"{what}: median", statistics.median(times[name]), "ms"),
            Figure(SUBJECT, f"{what}: least", min(times[name]), "ms"),
        ]
    # In pairs, as both of one turn met the same load of the machine.
    parts = [late - soon for soon, late in zip(times["outbox"], times["gsm"], strict=True)]
    return [
        *figures,
        Figure(SUBJECT, "a modem's part of it: median of pairs", statistics.median(parts), "ms"),
    ]


def main() -> None:
    """Print the figures."""
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))


if __name__ == "__main__":
    main()
