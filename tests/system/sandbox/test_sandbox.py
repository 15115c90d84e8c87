# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the sandbox denies is denied, to the daemon and to whoever took it over."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.system.conftest import installed
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

PROBE: Final = Path(__file__).with_name("probe.py")
INSIDE: Final = "/usr/lib/probe.py"
SAID: Final = "/var/tmp/probe.json"
DROP_INS: Final = "/etc/systemd/system/smsotpd.service.d"
# What a machine in a container denies even to its root: that the daemon may not do it either is
# told, and shows nothing about the sandbox.
DENIED_TO_ROOT_HERE: Final = {
    "ask for the kernel's keys",
    "keep keys in the kernel",
    "load a module",
    "load a program into the kernel",
    "load another kernel",
    "lock memory",
    "measure by perf",
    "open /dev/fuse",
    "open /dev/kmsg",
    "open /dev/mem",
    "open a Bluetooth socket",
    "open a CAN socket",
    "open a file by its handle",
    "open a socket of the kernel's ciphers",
    "read /proc/kcore",
    "read the kernel's log",
    "reboot, by a wrong number",
    "set the clock",
    "swap",
    "unmount",
    "write /proc/sys",
    "write /sys",
}
# Debian 12 builds its systemd without what SocketBindDeny= needs.
NOT_ENFORCED: Final = {"bookworm": {"listen", "listen by IPv6"}, "trixie": set[str]()}


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn with our package."""
    with installed(request.param) as machine:
        machine.copy_in(PROBE, INSIDE)
        yield machine


def drop_in(machine: Machine, *lines: str) -> None:
    """Change the unit for one test, and start it anew."""
    machine.write_text(f"{DROP_INS}/test.conf", "\n".join(("[Service]", *lines, "")))
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "stop", "smsotpd"])
    machine.run(["systemctl", "start", "smsotpd"])


def as_shipped(machine: Machine) -> None:
    """Start the daemon as it was installed."""
    machine.run(["rm", "-rf", DROP_INS])
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "stop", "smsotpd"])
    machine.run(["systemctl", "start", "smsotpd"])


def shown(machine: Machine, name: str) -> str:
    return machine.run(["systemctl", "show", "--value", f"--property={name}", "smsotpd"]).stdout[
        :-1
    ]


def tried_inside(machine: Machine) -> dict[str, str]:
    """Run the probe in the place of the daemon, in the unit as it is installed."""
    try:
        drop_in(
            machine,
            "Type=oneshot",
            "ExecStart=",
            f"ExecStart=/usr/bin/python3 -I {INSIDE}",
            "ExecReload=",
            "WatchdogSec=0",
            "Restart=no",
            f"StandardOutput=truncate:{SAID}",
        )
        return dict(json.loads(machine.read_text(SAID)))
    finally:
        as_shipped(machine)


def tried_outside(machine: Machine) -> dict[str, str]:
    """Run it as root, in no sandbox."""
    bare = ["systemd-run", "--pipe", "--wait", "--quiet", "--property=LimitMEMLOCK=infinity"]
    return dict(json.loads(machine.run([*bare, "python3", "-I", INSIDE]).stdout))


def possible(outcomes: Mapping[str, str]) -> set[str]:
    return {name for name, why in outcomes.items() if not why}


def test_whoever_took_the_daemon_over_gets_no_further(machine: Machine, tried: Tried) -> None:
    inside, outside = tried_inside(machine), tried_outside(machine)
    assert set(inside) == set(outside)
    # The probe shows something: outside, all of this can be done.
    assert set(outside) - possible(outside) == DENIED_TO_ROOT_HERE
    tried(len(inside))
    assert possible(inside) == NOT_ENFORCED[machine.suite]


def environment_of(machine: Machine, pid: str, user: str) -> bool:
    """Tell whether a user may read the memory of a process."""
    read = machine.run(["cat", f"/proc/{pid}/environ"], user=user, check=False)
    return read.returncode == 0


def test_the_daemons_memory_is_closed_to_programs_of_its_own_user(
    machine: Machine, tried: Tried
) -> None:
    program = ["--uid=smsotp", "--property=Type=exec", "sleep", "600"]
    machine.run(["systemd-run", "--unit=other", *program])
    pid = machine.run(["systemctl", "show", "--value", "--property=MainPID", "other"]).stdout[:-1]
    assert environment_of(machine, pid, "smsotp")
    machine.run(["systemctl", "stop", "other"])
    daemon = shown(machine, "MainPID")
    for name in ("environ", "maps", "mem", "auxv", "stack"):
        tried()
        read = machine.run(["cat", f"/proc/{daemon}/{name}"], user="smsotp", check=False)
        assert "Permission denied" in read.stderr, name


def killed_by_a_signal_that_dumps(machine: Machine, unit: str) -> str:
    """Return what systemd says of a unit's end: `core-dump`, or `signal` where there is none."""
    machine.run(["systemctl", "kill", "--signal=ABRT", "--kill-whom=main", unit])
    result = ["systemctl", "show", "--value", "--property=Result", unit]
    wait_until(lambda: machine.run(result).stdout != "success\n", 20, "it has ended")
    return machine.run(result).stdout[:-1]


def test_the_daemon_leaves_no_core_whatever_the_limit(machine: Machine, tried: Tried) -> None:
    directory, no_limit = "WorkingDirectory=/var/lib/smsotp", "LimitCORE=infinity"
    settings = (directory, no_limit, "CoredumpFilter=0", "Type=exec")
    properties = [f"--property={each}" for each in settings]
    machine.run(["systemd-run", "--unit=other", "--uid=smsotp", *properties, "sleep", "600"])
    assert killed_by_a_signal_that_dumps(machine, "other") == "core-dump"
    machine.run(["systemctl", "reset-failed", "other"])
    machine.run(["sh", "-c", "rm -f /var/lib/smsotp/core*"])
    try:
        for limit in ("LimitCORE=0", no_limit):
            tried()
            drop_in(machine, directory, limit, "Restart=no")
            assert killed_by_a_signal_that_dumps(machine, "smsotpd") == "signal"
        assert machine.run(["find", "/var/lib/smsotp", "-name", "core*"]).stdout == ""
    finally:
        as_shipped(machine)


def is_sent_by(machine: Machine, address: str) -> bool:
    """Tell whether a message goes out through a server of this machine, by one of its addresses."""
    given = [f"URL=http://{address}:4711/", "TIMEOUT=2", "option.to={phone}", "option.text={otp}"]
    words = [word for setting in given for word in ("--set", setting)]
    machine.run(["smsotpctl", "gateway", "configure", "here", "--type", "http", *words])
    asked = ["smsotpctl", "gateway", "test", "here", "--to-fd", "0"]
    return machine.run(asked, input="+491701234567", check=False).returncode == 0


def test_the_example_keeps_the_daemon_from_all_addresses_but_those_named(
    machine: Machine, tried: Tried
) -> None:
    # Reserved for documentation (RFC 5737), and here this machine's own.
    elsewhere = ("192.0.2.7", "198.51.100.7")
    for address in elsewhere:
        machine.run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
    machine.run(["systemd-run", "--unit=web", "python3", "-m", "http.server", "4711"])
    for address in ("127.0.0.1", *elsewhere):
        wait_until(partial(is_sent_by, machine, address), 30, f"{address} answers")
    try:
        shipped = machine.read_text("/usr/share/pam-smsotp/examples/addresses.conf")
        machine.write_text(f"{DROP_INS}/addresses.conf", shipped)
        drop_in(machine)
        assert is_sent_by(machine, "127.0.0.1")
        for address in elsewhere:
            tried()
            assert not is_sent_by(machine, address)
    finally:
        machine.run(["systemctl", "stop", "web"])
        machine.run(["smsotpctl", "gateway", "remove", "here", "--yes"])
        as_shipped(machine)
