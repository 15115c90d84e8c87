# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The scripted modem is a modem to gammu, too, and gammu makes of a message what we make of it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from smsotpd.core.outcome import Accepted
from tests.contract.modem.conftest import CODE, FAST, Attach
from tests.fakes.scripted_modem import STORM, Script, ScriptedModem, plugged

PATIENT = replace(FAST, prompt=5.0, result=10.0)
NUMBER = CODE.recipient.address


def gammu(
    modem: ScriptedModem, directory: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run gammu on the modem's port."""
    configuration = directory / "gammurc"
    configuration.write_text(f"[gammu]\ndevice={modem.link}\nconnection=at115200\n")
    command = ["gammu", "-c", str(configuration), *arguments]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, check=False
    )


def test_gammu_identifies_it(tmp_path: Path) -> None:
    with plugged() as modem:
        found = gammu(modem, tmp_path, "identify")
    assert found.returncode == 0
    assert "490154203237518" in found.stdout


@pytest.mark.parametrize("script", [Script(), Script(prompt_seconds=1.0), Script(result_seconds=3)])
async def test_gammu_sends_what_we_send(attach: Attach, tmp_path: Path, script: Script) -> None:
    with ScriptedModem(script) as modem:
        done = gammu(modem, tmp_path, "sendsms", "TEXT", NUMBER, "-text", CODE.text)
        assert done.returncode == 0
        assert isinstance(await attach(modem, timing=PATIENT).send(CODE, 10), Accepted)
        theirs, ours = (body_of(pdu) for pdu in modem.sent)
    assert theirs == ours


def test_gammu_meets_the_same_refusals(tmp_path: Path) -> None:
    with plugged(results=("CMS 38",), gap=STORM) as modem:
        failed = gammu(modem, tmp_path, "sendsms", "TEXT", NUMBER, "-text", CODE.text)
        assert failed.returncode != 0
        assert modem.sent == []


def body_of(pdu: str) -> str:
    """Return recipient, coding and text of a PDU: the service centre and validity are ours."""
    octets = bytes.fromhex(pdu)
    tpdu = octets[1 + octets[0] :].hex().upper()
    return tpdu[4:24] + tpdu[26:]
