# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The port itself: its speed, its lock file, and the call for help where it stays lost."""

import asyncio
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from smsotpd.core.outcome import Accepted, Deferred
from smsotpd.core.report import Condition
from smsotpd.modem.call_for_help import DIRECTORY_NAME, RecoveryFiles
from smsotpd.modem.errors import LineError
from smsotpd.modem.sender import ModemSender
from smsotpd.modem.transport import Access, FlowControl, SerialLine
from tests.contract.modem.conftest import CODE, FAST, Attach
from tests.fakes.scripted_modem import plugged

SECONDS = 20.0


async def test_at_the_modems_speed_messages_go_and_at_another_nothing_but_a_hint(
    attach: Attach,
) -> None:
    with plugged(speed=9600) as modem:
        gateway = attach(modem)
        await _summary(gateway, "what the modem says cannot be read: mind SPEED")
        assert isinstance(await gateway.send(CODE, 1.0), Deferred)
        assert modem.commands == []
        gateway.close()
        gateway.join(SECONDS)
        assert await attach(modem, SPEED="9600").send(CODE, SECONDS) == Accepted("1")


async def test_a_modem_that_has_to_find_the_speed_first_is_given_several_commands(
    attach: Attach,
) -> None:
    with plugged(autobauds=3) as modem:
        assert await attach(modem).send(CODE, SECONDS) == Accepted("1")


@pytest.mark.parametrize(
    ("flow_control", "port", "expected"),
    [
        (FlowControl.AUTO, "ttyS0", True),
        (FlowControl.AUTO, "ttyAMA0", True),
        (FlowControl.AUTO, "ttyUSB2", False),
        (FlowControl.AUTO, "ttyACM0", False),
        (FlowControl.AUTO, "7", False),
        (FlowControl.NONE, "ttyS0", False),
        (FlowControl.RTS_CTS, "ttyUSB0", True),
    ],
)
def test_rts_and_cts_count_on_true_serial_ports(
    flow_control: FlowControl, port: str, *, expected: bool
) -> None:
    assert Access(flow_control=flow_control).has_rts_cts(port) is expected


def test_a_lock_file_stands_as_long_as_the_port_is_open(tmp_path: Path) -> None:
    access = Access(lock_files=tmp_path)
    with plugged() as modem:
        line = SerialLine(str(modem.link), access)
        [file] = tmp_path.iterdir()
        assert file.name == f"LCK..{modem.link.resolve().name}"
        assert file.read_bytes() == b"%10d\n" % os.getpid()
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        with pytest.raises(LineError, match="it has the lock file"):
            SerialLine(str(modem.link), access)
        assert file.exists(), "whoever is refused leaves the file alone"
        line.close()
        assert not file.exists()
        taken = SerialLine(str(modem.link))
        with pytest.raises(LineError, match="ModemManager"):
            SerialLine(str(modem.link), access)
        assert not file.exists(), "a port that cannot be opened keeps no lock file"
        taken.close()


async def test_help_is_called_for_once_where_a_modem_stays_lost(
    attach: Attach, tmp_path: Path
) -> None:
    calls = RecoveryFiles(tmp_path)
    file = tmp_path / DIRECTORY_NAME / "gsm"
    with plugged() as modem:
        gateway = attach(modem, call_for_help=calls.call, CALL_FOR_HELP="yes")
        assert isinstance(await gateway.send(CODE, SECONDS), Accepted)
        assert not file.exists()
        modem.script.deaf_at = "AT"
        await _exists(file)
        touched = file.stat().st_mtime_ns
        assert (await gateway.inspect(1)).condition is Condition.DOWN
        await asyncio.sleep(1.0)
        assert file.stat().st_mtime_ns == touched, "once in half an hour"
        assert dict((await gateway.inspect(1)).facts)["Calls for help"] == "1"
        assert file.read_bytes() == b"\n", "root is told nothing"
        modem.script.deaf_at = ""
        modem.unplug()  # as the script does that cuts the modem's power
        modem.plug()
        ends = time.monotonic() + SECONDS
        while not isinstance(await gateway.send(CODE, 1.0), Accepted):
            assert time.monotonic() < ends
            await asyncio.sleep(0.05)


async def test_each_modem_of_a_pool_calls_for_itself(attach: Attach, tmp_path: Path) -> None:
    with plugged() as first, plugged() as second:
        gateway = attach(
            first, second, call_for_help=RecoveryFiles(tmp_path).call, CALL_FOR_HELP="yes"
        )
        await gateway.inspect(SECONDS)
        second.unplug()
        await _exists(tmp_path / DIRECTORY_NAME / "gsm-2")
        assert not (tmp_path / DIRECTORY_NAME / "gsm-1").exists()


@pytest.mark.parametrize(
    ("script", "settings"),
    [({"deaf_at": "AT"}, {}), ({"sim": "SIM PUK"}, {"CALL_FOR_HELP": "yes"})],
    ids=["not asked for", "what no power cut heals"],
)
async def test_nobody_is_called_in_vain(
    attach: Attach, script: dict[str, object], settings: dict[str, str]
) -> None:
    called: list[str] = []
    with plugged(**script) as modem:
        timing = replace(FAST, wake=0.05, help=0.2)
        gateway = attach(modem, timing=timing, call_for_help=called.append, **settings)
        ends = time.monotonic() + SECONDS
        while (await gateway.inspect(1)).condition is not Condition.DOWN:
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)
        await asyncio.sleep(1.0)
        assert called == []


def test_a_call_follows_no_link_and_fails_where_it_cannot_be_written(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    directory = tmp_path / DIRECTORY_NAME
    directory.mkdir()
    (directory / "gsm").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        RecoveryFiles(tmp_path).call("gsm")
    assert target.read_text() == "precious"


async def test_a_call_that_cannot_be_made_does_not_stop_the_modem_coming_back(
    attach: Attach,
) -> None:
    def fails(_label: str) -> None:
        raise PermissionError

    with plugged(deaf_at="AT") as modem:
        gateway = attach(
            modem,
            timing=replace(FAST, wake=0.05, help=0.1),
            call_for_help=fails,
            CALL_FOR_HELP="yes",
        )
        await asyncio.sleep(1.0)
        assert "Calls for help" not in dict((await gateway.inspect(1)).facts)
        modem.script.deaf_at = ""
        modem.unplug()
        modem.plug()
        await _summary(gateway, "registered")


async def _summary(gateway: ModemSender, text: str) -> None:
    ends = time.monotonic() + SECONDS
    while text not in (report := await gateway.inspect(1)).summary:
        assert time.monotonic() < ends, report.summary
        await asyncio.sleep(0.02)


async def _exists(path: Path) -> None:
    ends = time.monotonic() + SECONDS
    while not path.exists():  # noqa: ASYNC240  # a look at a directory of the test's own
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)
