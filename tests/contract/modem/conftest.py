# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway of type `modem` over a scripted modem, with waits that a test can afford."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.recipient import parse_phone
from smsotpd.core.secret import Secret
from smsotpd.modem.pin_marks import PinMarkFile, PinMarks
from smsotpd.modem.pool import Pool
from smsotpd.modem.sender import ModemSender
from smsotpd.modem.settings import parse
from smsotpd.modem.timing import Timing
from smsotpd.modem.transport import Access, SerialLine
from smsotpd.modem.worker import CallForHelp, Worker, no_help
from tests.fakes.scripted_modem import ScriptedModem

FAST = Timing(
    wake=0.3, command=1.0, prompt=1.5, result=1.5, pin=0.5, sim=0.5, register=0.5, smsc=0.3,
    gap=0.0, poll=0.05, probe=0.2, back_off=0.05, back_off_most=0.2, reset=600.0, restart=0.3,
    help=0.5, help_pause=600.0, doubt=0.4,
)  # fmt: skip
CODE = Message(parse_phone("+491701234567"), "Your code is 123456", 300.0, "123456")
OTHER = Message(parse_phone("+491701234567"), "Somebody logged in")

Attach = Callable[..., ModemSender]


@pytest.fixture
def marks(tmp_path: Path) -> PinMarkFile:
    return PinMarkFile(tmp_path, b"k" * 32)


@pytest.fixture
def attach(marks: PinMarks) -> Iterator[Attach]:
    """Return what makes a gateway of scripted modems; in the end each gives its modems back."""
    pools: list[Pool] = []

    def attached(
        *modems: ScriptedModem,
        timing: Timing = FAST,
        call_for_help: CallForHelp = no_help,
        **settings: str,
    ) -> ModemSender:
        pin = settings.pop("PIN", "")
        secrets = {"PIN": Secret(pin)} if pin else {}
        # `auto` stands for one; several have to be named, and the names are links that move.
        device = ",".join(f"/dev/modem{each}" for each in range(len(modems)))
        settings = {"DEVICE": device if len(modems) > 1 else "auto", **settings}
        definition = GatewayDefinition("gsm", "modem", settings, secrets)
        links = {f"/dev/modem{each}": modem.link for each, modem in enumerate(modems)}

        def opened(path: str, access: Access) -> SerialLine:
            return SerialLine(str(links.get(path, path)), access)

        def ports() -> list[_Port]:
            return [_Port(str(modem.link)) for modem in modems]

        workers = [
            Worker(each, marks, call_for_help, timing, opened, ports) for each in parse(definition)
        ]
        pools.append(Pool(workers))
        return ModemSender("gsm", pools[-1])

    yield attached
    for pool in pools:
        pool.stop()
    for pool in pools:
        for worker in pool.workers:
            worker.join(10)


class _Port:
    """A port as pyserial lists it, of a Huawei stick."""

    vid: int | None = 0x12D1
    pid: int | None = 0x1506
    location: str | None = "1-1:1.2"

    def __init__(self, device: str) -> None:
        self.device = device
