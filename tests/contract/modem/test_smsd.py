# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The scripted modem is a modem to the SMS Server Tools, too, as a second witness beside gammu."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smsotpd.core.outcome import Accepted
from tests.contract.modem.conftest import CODE, FAST, Attach
from tests.contract.modem.test_gammu import body_of
from tests.fakes.scripted_modem import ScriptedModem, plugged

SECONDS = 30.0
FOLDERS = ("outgoing", "checked", "incoming", "failed", "sent")


@contextmanager
def smsd(modem: ScriptedModem, spool: Path) -> Iterator[None]:
    """Run smsd on the modem's port, with one message in its spool."""
    for folder in FOLDERS:
        (spool / folder).mkdir()
    paths = "".join(f"{folder} = {spool}/{folder}\n" for folder in FOLDERS)
    files = "".join(
        f"{file} = {spool}/smsd.{file}\n" for file in ("logfile", "infofile", "pidfile")
    )
    (spool / "smsd.conf").write_text(
        f"devices = GSM1\n{paths}{files}delaytime = 1\nerrorsleeptime = 1\nterminal = yes\n"
        f"[GSM1]\ndevice = {modem.link}\nincoming = no\ninit = AT\n"
    )
    (spool / "outgoing/one").write_text(f"To: {CODE.recipient.address[1:]}\n\n{CODE.text}\n")
    running = subprocess.Popen(
        ["smsd", "-t", "-c", str(spool / "smsd.conf")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait(SECONDS)


def wait_for(spool: Path, folder: str) -> None:
    """Wait until smsd has put its message into a folder."""
    ends = time.monotonic() + SECONDS
    while not (spool / folder / "one").exists():
        assert time.monotonic() < ends, (spool / "smsd.logfile").read_text()
        time.sleep(0.05)


@pytest.mark.parametrize(
    "script", [{}, {"gap": "\r\nRING\r\n\r\n^RSSI:17\r\n"}, {"prompt": "\r\n>"}], ids=str
)
async def test_smsd_sends_what_we_send(
    attach: Attach, tmp_path: Path, script: dict[str, object]
) -> None:
    with plugged(**script) as modem:
        with smsd(modem, tmp_path):
            wait_for(tmp_path, "sent")
        assert isinstance(await attach(modem, timing=FAST).send(CODE, 5.0), Accepted)
        theirs, ours = (body_of(pdu) for pdu in modem.sent)
    assert theirs == ours


def test_smsd_meets_the_same_refusals(tmp_path: Path) -> None:
    with plugged(results=("CMS 38",)) as modem:
        with smsd(modem, tmp_path):
            wait_for(tmp_path, "failed")
        assert modem.sent == []
