# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A scripted modem in a machine, and the daemon's rights to open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

SCRIPT: Final = Path(__file__).resolve().parents[2] / "fakes/scripted_modem.py"
SHIPPED: Final = "/usr/share/pam-smsotp/examples/modem.conf"
DROP_INS: Final = "/etc/systemd/system/smsotpd.service.d"


@dataclass(frozen=True)
class Modem:
    """A modem in a machine, on a port that the daemon's user may open if its unit may."""

    machine: Machine
    name: str
    port: str

    @property
    def log(self) -> str:
        """Return the file of what it was told."""
        return f"/run/modem-{self.name}.log"

    def sent(self) -> list[str]:
        """Return the PDUs that it sent."""
        lines = self.machine.read_text(self.log).splitlines()
        return [line.removeprefix("sent ") for line in lines if line.startswith("sent ")]

    def unplug(self) -> None:
        """Take it away for good."""
        self.machine.run(["systemctl", "stop", f"modem-{self.name}"])


@contextmanager
def attached(machine: Machine, name: str) -> Iterator[Modem]:
    """Run a modem for the time of a `with` block."""
    machine.copy_in(SCRIPT, "/opt/scripted_modem.py")
    log = f"/run/modem-{name}.log"
    machine.run(
        ["systemd-run", f"--unit=modem-{name}", f"--property=StandardOutput=file:{log}",
         "python3", "/opt/scripted_modem.py"]
    )  # fmt: skip
    try:
        wait_until(lambda: "/modem" in machine.run(["cat", log], check=False).stdout, 20, "a modem")
        link = machine.read_text(log).splitlines()[0]
        port = machine.run(["readlink", "--canonicalize", link]).stdout.strip()
        machine.run(["chown", "root:dialout", port])
        machine.run(["chmod", "0660", port])
        yield Modem(machine, name, port)
    finally:
        machine.run(["systemctl", "stop", f"modem-{name}"], check=False)
        machine.run(["rm", "-f", log])


def configure(machine: Machine, *modems: Modem, **settings: str) -> None:
    """Define the gateway `gsm` over these modems."""
    settings = {"DEVICE": ",".join(modem.port for modem in modems), **settings}
    given = [word for name, text in settings.items() for word in ("--set", f"{name}={text}")]
    machine.run(["smsotpctl", "gateway", "configure", "gsm", "--type", "modem", *given])


def allow_devices(machine: Machine, more: str = "") -> None:
    """Install the drop-in as shipped, and name what stands for a serial port here."""
    machine.run(["install", "-D", "-m", "0644", SHIPPED, f"{DROP_INS}/modem.conf"])
    machine.write_text(
        f"{DROP_INS}/modem-test.conf", f"[Service]\nDeviceAllow=char-pts rw\n{more}\n"
    )
    restart(machine)


def restart(machine: Machine) -> None:
    """Start the daemon with the drop-ins that there are."""
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "restart", "smsotpd"])


def tidy(machine: Machine) -> None:
    """Leave the machine as it was."""
    machine.run(["smsotpctl", "gateway", "remove", "gsm", "--yes"])
    machine.run(["rm", "-f", f"{DROP_INS}/modem.conf", f"{DROP_INS}/modem-test.conf"])
    restart(machine)


def code_in(pdu: str) -> str:
    """Return the code in a message, as an independent decoder reads it."""
    text = str(SMSSubmit.decode(StringIO(pdu))["user_data"]["data"])
    return next(word for word in text.split() if word.isdigit())
