# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A modem under the unit's real rights: none as installed, enough for a login with the drop-in."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from smsotpd.core.events import CodeSent
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

NUMBER = "+491701234567"
SCRIPT = Path(__file__).resolve().parents[2] / "fakes/scripted_modem.py"
SHIPPED = "/usr/share/pam-smsotp/examples/modem.conf"
DROP_INS = "/etc/systemd/system/smsotpd.service.d"
LOG = "/run/scripted-modem.log"
TRY = ("smsotpctl", "modem", "send-test", "gsm", "--to", NUMBER)


@pytest.fixture
def modem(server: Machine) -> Iterator[Machine]:
    """The server with a modem, which has the rights that udev gives to one, as gateway `gsm`."""
    server.copy_in(SCRIPT, "/opt/scripted_modem.py")
    server.run(
        ["systemd-run", "--unit=scripted-modem", f"--property=StandardOutput=file:{LOG}",
         "python3", "/opt/scripted_modem.py"]
    )  # fmt: skip
    wait_until(lambda: "/modem" in server.run(["cat", LOG], check=False).stdout, 20, "a modem")
    link = server.read_text(LOG).splitlines()[0]
    port = server.run(["readlink", "--canonicalize", link]).stdout.strip()
    server.run(["chown", "root:dialout", port])
    server.run(["chmod", "0660", port])
    define = ["gateway", "configure", "gsm", "--type", "modem", "--set", f"DEVICE={port}"]
    server.run(["smsotpctl", *define])
    yield server
    server.run(["smsotpctl", "gateway", "remove", "gsm", "--yes"])
    server.run(["systemctl", "stop", "scripted-modem"])
    server.run(["rm", "-f", f"{DROP_INS}/modem.conf", f"{DROP_INS}/modem-test.conf", LOG])
    restart(server)


def restart(server: Machine) -> None:
    """Start the daemon with the drop-ins that there are."""
    server.run(["systemctl", "daemon-reload"])
    server.run(["systemctl", "restart", "smsotpd"])


def allow_devices(server: Machine) -> None:
    """Install the drop-in as shipped, and name what stands for a serial port here."""
    server.run(["install", "-D", "-m", "0644", SHIPPED, f"{DROP_INS}/modem.conf"])
    server.write_text(f"{DROP_INS}/modem-test.conf", "[Service]\nDeviceAllow=char-pts rw\n")
    restart(server)


def sent(server: Machine) -> list[str]:
    """Return the PDUs that the modem sent."""
    lines = server.read_text(LOG).splitlines()
    return [line.removeprefix("sent ") for line in lines if line.startswith("sent ")]


def test_as_installed_the_daemon_may_not_open_a_modem_and_says_so(modem: Machine) -> None:
    refused = modem.run(TRY, check=False)
    assert refused.returncode != 0
    assert "may not open the device: see smsotpd(8), MODEMS" in refused.stdout + refused.stderr
    assert sent(modem) == []


def test_a_login_by_the_code_that_the_modem_sent(modem: Machine, alice: Account) -> None:
    allow_devices(modem)
    tested = modem.run(TRY, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    with (
        accounts.settings(modem, '[gateways]\norder = ["gsm"]\n'),
        SshLogin(modem, alice.name) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        text = str(SMSSubmit.decode(StringIO(sent(modem)[-1]))["user_data"]["data"])
        login.answer(next(word for word in text.split() if word.isdigit()))
        assert login.result().granted
    assert len(sent(modem)) == 2
    [event] = alice.journal(CodeSent)
    assert event["SMSOTP_GATEWAY"] == "gsm"
    listed = modem.run(["smsotpctl", "modem", "list"]).stdout
    for shown in ("gsm", "ready", "huawei E1752", "home network, Operator", "4 of 5 bars"):
        assert shown in listed
