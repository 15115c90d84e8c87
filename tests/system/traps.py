# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Programs, modules, libraries and a bus that an unprivileged caller plants, and how to reach them.

What runs one of them as root leaves a mark.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.static.tool import located
from tests.testhost.machine import CLEAN, Machine
from tests.testhost.waiting import wait_until

TRAP: Final = "/opt/trap"
LIBRARY: Final = f"{TRAP}/lib/python3.11"
MARK: Final = "/run/trapped"

# A user can plant these; only as root can they leave a mark. The module `posix` is built in, so it
# is there from the interpreter's first import on.
MODULE: Final = f"""
import posix
if posix.geteuid() == 0:
    posix.close(posix.open({MARK!r}, posix.O_CREAT | posix.O_WRONLY))
"""
PROGRAM: Final = f"#!/bin/sh\nid -u >{MARK}\n"
SHARED_OBJECT: Final = f"""
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void trap(void) {{
    if (geteuid() == 0) close(open("{MARK}", O_CREAT | O_WRONLY, 0600));
}}
"""
MODULES: Final = (
    "_socket", "encodings/__init__", "os", "pam_smsotp/__init__", "pam_smsotp/entry", "pwd", "site",
    "sitecustomize", "socket", "usercustomize",
)  # fmt: skip
# A bus of the caller's that notes who comes.
BUS: Final = f"""
import pathlib, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("{TRAP}/bus")
pathlib.Path("{TRAP}/bus").chmod(0o777)
listener.listen()
while True:
    listener.accept()[0].close()
    pathlib.Path("{MARK}").touch()
"""

ENVIRONMENTS: Final = {
    "PYTHONPATH": {"PYTHONPATH": LIBRARY},
    "PYTHONHOME": {"PYTHONHOME": TRAP},
    "PYTHONSTARTUP": {"PYTHONSTARTUP": f"{LIBRARY}/os.py", "PYTHONINSPECT": "1"},
    "PYTHONUSERBASE": {"PYTHONUSERBASE": TRAP, "HOME": TRAP},
    "PYTHONPLATLIBDIR": {"PYTHONPLATLIBDIR": "../../../" + LIBRARY},
    "LD_PRELOAD": {"LD_PRELOAD": f"{TRAP}/trap.so"},
    "LD_AUDIT": {"LD_AUDIT": f"{TRAP}/trap.so"},
    "LD_LIBRARY_PATH": {"LD_LIBRARY_PATH": TRAP},
    "PATH": {"PATH": f"{TRAP}/bin:{CLEAN['PATH']}"},
    "LC_ALL": {"LC_ALL": "../../../.." + TRAP, "LANGUAGE": TRAP, "LOCPATH": TRAP},
    "GCONV_PATH": {"GCONV_PATH": TRAP, "LC_ALL": "en_US.TRAP"},
    "DBUS_SYSTEM_BUS_ADDRESS": {
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={TRAP}/bus",
        "DBUS_STARTER_ADDRESS": f"unix:path={TRAP}/bus",
    },
    "CREDENTIALS_DIRECTORY": {"CREDENTIALS_DIRECTORY": TRAP},
}
ALL_AT_ONCE: Final = {
    name: value for environment in ENVIRONMENTS.values() for name, value in environment.items()
}
ATTACKS: Final = {**ENVIRONMENTS, "all at once": ALL_AT_ONCE}


@contextmanager
def planted(machine: Machine, scratch: Path) -> Iterator[None]:
    """Plant all of it in a machine for the time of a `with` block."""
    for module in MODULES:
        machine.write_text(f"{LIBRARY}/{module}.py", MODULE)
        machine.write_text(f"{LIBRARY}/site-packages/{module}.py", MODULE)
        machine.write_text(f"{TRAP}/.local/lib/python3.11/site-packages/{module}.py", MODULE)
    for program in ("python3", "python3.11", "smsotpctl", "busctl"):
        machine.write_text(f"{TRAP}/bin/{program}", PROGRAM, mode=0o755)
    shared = built_library(scratch)
    for library in ("libpam.so.0", "libpython3.11.so.1.0", "TRAP.so", "trap.so"):
        machine.copy_in(shared, f"{TRAP}/{library}", mode=0o755)
    machine.run(["systemd-run", "--unit=trap-bus", "python3", "-I", "-c", BUS])
    listening = ["test", "-S", f"{TRAP}/bus"]
    wait_until(lambda: machine.run(listening, check=False).returncode == 0, 10, "the bus listens")
    try:
        yield
    finally:
        machine.run(["systemctl", "stop", "trap-bus"])
        machine.run(["rm", "--recursive", TRAP])


def built_library(folder: Path) -> Path:
    """Compile the planted library."""
    source, library = folder / "trap.c", folder / "trap.so"
    source.write_text(SHARED_OBJECT)
    command = [located("gcc"), "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    return library


def was_trapped(machine: Machine) -> bool:
    """Say whether anything planted ran as root or was called by root, and forget it."""
    return machine.run(["rm", MARK], check=False).returncode == 0
