# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The AppArmor profile allows what the daemon does.

Without a kernel that has AppArmor: each file that the daemon opens is held against the rules, as
AppArmor's own parser reads them.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from smsotpd.core.events import ConfigurationLoaded
from smsotpd.journal.catalogue import message_id
from tests.static.test_packaging import PROFILE
from tests.system import accounts
from tests.system.conftest import installed
from tests.system.sandbox.profile import denied, file_rules
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

TRACE: Final = "/opt/strace/trace"
DROP_IN: Final = "/etc/systemd/system/smsotpd.service.d/trace.conf"
NUMBER: Final = "+491701234567"
CALL: Final = re.compile(r'^\d+ +(\w+)\((?:AT_FDCWD(?:<[^>]*>)?, |\d+<([^>]*)>, )?"([^"]*)"(.*)$')
OPENED: Final = re.compile(r" = \d+<(/[^>]*)>$")
CONNECT: Final = re.compile(r'^\d+ +connect\(.*sun_path="([^"]*)"')
WRITES: Final = {"mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "chmod", "fchmodat", "truncate"}


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn with our package."""
    with installed(request.param) as machine:
        yield machine


def trace_from_now_on(machine: Machine) -> None:
    """Start the daemon under strace, in a sandbox that lets itself be watched."""
    program = shutil.which("strace")
    assert program is not None
    machine.copy_in(Path(program), "/opt/strace/strace", 0o755)
    libraries = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"=> (/\S*/lib(?:unwind|lzma)\S*)", libraries):
        machine.copy_in(Path(library).resolve(), f"/opt/strace/{Path(library).name}")
    watch = "-u smsotp -E LD_LIBRARY_PATH -f -y -z -s 4096 -e trace=%%file,connect"
    # As root, for nobody else may watch a daemon that closed its memory.
    relaxed = (
        "[Service]",
        "User=root",
        "NoNewPrivileges=no",
        "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_PTRACE CAP_DAC_OVERRIDE",
        "PrivateUsers=no",
        "SystemCallFilter=",
        "ProtectProc=default",
        "StateDirectory=",
        "ReadWritePaths=/var/lib/smsotp /opt/strace",
        "MemoryMax=infinity",
        "NotifyAccess=all",
        "TimeoutStartSec=120",
        "Environment=LD_LIBRARY_PATH=/opt/strace",
        "ExecStart=",
        f"ExecStart=/opt/strace/strace {watch} -o {TRACE} /usr/sbin/smsotpd --boot-id %b",
    )
    machine.write_text(DROP_IN, "\n".join(relaxed))
    machine.run(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "restart", "smsotpd"], timeout=150)


def live(machine: Machine) -> None:
    """Have the daemon do what it does: gateways of several kinds, a login, groups, a reload."""
    machine.write_text("/etc/smsotp/scripts/send", "#!/bin/sh\ncat >/dev/null\n", 0o755)
    for name, kind, given in (
        ("program", "script", "script=send"),
        ("web", "clickatell_portal", "API_KEY=0123456789abcdef0123456789abcdef"),
    ):
        words = ["--type", kind, "--set", given]
        machine.run(["smsotpctl", "gateway", "configure", name, *words], check=False)
        asked = ["smsotpctl", "gateway", "test", name, "--to-fd", "0"]
        machine.run(asked, input=NUMBER, check=False)
    account = accounts.enrol(accounts.new_account(machine))
    machine.run(["smsotpctl", "policy", "explain", account.name, "sshd", "192.0.2.1"])
    machine.run(["smsotpctl", "status"])
    mark = machine.journal_mark()
    machine.run(["pkill", "--signal=HUP", "--full", "python3 -I /usr/sbin/smsotpd"])
    loaded = message_id(ConfigurationLoaded)
    wait_until(lambda: machine.journal(after=mark, MESSAGE_ID=loaded), 60, "it has reloaded")


def accesses(trace: str) -> set[tuple[str, str]]:
    """Return path and modes of each access in a trace that succeeded."""
    found = set()
    for line in trace.splitlines():
        if connected := CONNECT.match(line):
            found.add((connected[1], "rw"))
        elif call := CALL.match(line):
            name, folder, path, rest = call.groups()
            modes = _modes(name, rest)
            if modes:
                # The path without its links, where the call returned a descriptor of it.
                opened = OPENED.search(rest)
                found.add((opened[1] if opened else str(Path(folder or "/", path)), modes))
    return found


def _modes(call: str, rest: str) -> str:
    if call in {"open", "openat"}:
        if "O_PATH" in rest:
            return ""
        return "w" if "O_WRONLY" in rest else "rw" if "O_RDWR" in rest else "r"
    if call == "execve":
        return "x"
    return "w" if call in WRITES else ""


def test_every_file_that_the_daemon_opens_is_in_the_profile(machine: Machine, tried: Tried) -> None:
    rules = file_rules(PROFILE)
    assert denied(rules, "/etc/shadow", "r") == "r"
    assert denied(rules, "/etc/smsotp/credentials/sms", "r") == "r"
    assert denied(rules, "/etc/smsotp/smsotpd.toml", "rw") == "w"
    accounts.set_up(machine)
    trace_from_now_on(machine)
    live(machine)
    found = accesses(machine.read_text(TRACE))
    paths = {path for path, _ in found}
    # The trace has the daemon's whole life in it.
    assert {"/usr/sbin/smsotpd", "/var/lib/smsotp/smsotpd.db", "/etc/smsotp/scripts/send"} <= paths
    tried(len(found))
    # AppArmor sees a directory by a name that ends in a slash; the trace does not tell them apart.
    missing = [
        f"{path} {modes}"
        for path, modes in sorted(found)
        if denied(rules, path, modes) and denied(rules, f"{path}/", modes)
    ]
    assert missing == [], "\n".join(missing)
