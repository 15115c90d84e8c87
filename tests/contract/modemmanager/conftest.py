# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Gateways of type `modemmanager` on a private bus, with waits that a test can afford."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.recipient import parse_phone
from smsotpd.modem.pool import Pool
from smsotpd.modem.sender import ModemSender
from smsotpd.modemmanager.marks import MarkFile
from smsotpd.modemmanager.settings import parse
from smsotpd.modemmanager.timing import Timing
from smsotpd.modemmanager.worker import ManagedModem
from tests.bus.private_bus import missing_requirement, private_bus
from tests.fakes.modem_socket import ModemSocket
from tests.fakes.scripted_modem import Script, ScriptedModem

NAME = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
FAST = Timing(
    create=4.0, send=4.0, watch=0.1, enable=20.0, register=3.0, poll=0.05, probe=0.2, retry=0.05,
    back_off=0.05, back_off_most=0.2,
)  # fmt: skip
CODE = Message(parse_phone("+491701234567"), "Your code is 123456", 300.0, "123456")
PROGRAM = "/usr/sbin/ModemManager"
# Its own policy, as Debian 12 and 13 install it.
RULES = """
  <include ignore_missing="yes">/etc/dbus-1/system.d/org.freedesktop.ModemManager1.conf</include>
  <include ignore_missing="yes"
    >/usr/share/dbus-1/system.d/org.freedesktop.ModemManager1.conf</include>
  <policy user="root">
    <allow own="org.freedesktop.ModemManager1"/>
    <allow send_destination="org.freedesktop.ModemManager1"/>
  </policy>
"""

Attach = Callable[..., ModemSender]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a private bus, which is the system bus of this test."""
    missing = missing_requirement()
    if missing:
        pytest.fail(missing)
    with (
        tempfile.TemporaryDirectory(prefix="private-bus-") as directory,
        private_bus(Path(directory), RULES) as address,
    ):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def marks(tmp_path: Path) -> MarkFile:
    return MarkFile(tmp_path)


@pytest.fixture
def attach(marks: MarkFile, address: str) -> Iterator[Attach]:
    """Return what makes a gateway; in the end each gives its modem back."""
    assert address
    pools: list[Pool] = []

    def attached(timing: Timing = FAST, **settings: str) -> ModemSender:
        definition = GatewayDefinition("mm", "modemmanager", settings)
        pools.append(Pool([ManagedModem(parse(definition), marks, timing)]))
        return ModemSender("mm", pools[-1])

    yield attached
    for pool in pools:
        pool.stop()
    for pool in pools:
        pool.workers[0].join(10)


class RealModemManager:
    """ModemManager itself, over scripted modems; without udev, as there is no such hardware."""

    def __init__(self, address: str, directory: Path) -> None:
        self._address = address
        self._log = directory / "ModemManager.log"
        self.start()

    def start(self) -> None:
        environment = {
            "DBUS_SESSION_BUS_ADDRESS": self._address,
            "DBUS_SYSTEM_BUS_ADDRESS": self._address,
        }
        options = ["--test-session", "--test-enable", "--test-no-udev", "--no-auto-scan",
                   "--test-no-suspend-resume", "--test-no-qrtr", "--log-level=DEBUG"]  # fmt: skip
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, *options], env=environment, stderr=log)
        wait_until(lambda: NAME in self.busctl("list", "--acquired", check=False), 30)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def plug(self, name: str, socket_name: str) -> None:
        """Give it a modem, and wait until it knows it."""
        known = self.modems()
        profile = [f"{NAME}.Test", "SetProfile", "ssas", name, "generic", "1", socket_name]
        self.busctl("call", NAME, ROOT, *profile)
        wait_until(lambda: len(self.modems()) > len(known), 40)

    def modems(self) -> list[str]:
        tree = self.busctl("tree", "--list", NAME, check=False)
        return [line for line in tree.split() if line.startswith(f"{ROOT}/Modem/")]

    def messages(self) -> list[str]:
        """Return the paths of the messages of the first modem."""
        [modem, *_] = self.modems()
        asked = ["get-property", NAME, modem, f"{NAME}.Modem.Messaging", "Messages"]
        return [word.strip('"') for word in self.busctl(*asked).split() if word.startswith('"')]

    def busctl(self, *arguments: str, check: bool = True) -> str:
        command = ["busctl", f"--address={self._address}", *arguments]
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout


@pytest.fixture
def manager(address: str, tmp_path: Path) -> Iterator[RealModemManager]:
    running = RealModemManager(address, tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def plugged(manager: RealModemManager) -> Iterator[Callable[..., ScriptedModem]]:
    """Return what plugs a scripted modem into ModemManager."""
    ends: list[Callable[[], None]] = []

    def plug(name: str = "first", **script: object) -> ScriptedModem:
        modem = ScriptedModem(Script(**script))  # type: ignore[arg-type]  # the tests name them
        served = ModemSocket(modem.__enter__(), f"{name}-{manager.process.pid}")
        served.__enter__()
        ends.extend((lambda: served.__exit__(None, None, None), lambda: end(modem)))
        manager.plug(name, served.name)
        return modem

    yield plug
    for each in ends:
        each()


def end(modem: ScriptedModem) -> None:
    modem.__exit__(None, None, None)


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.bus)
