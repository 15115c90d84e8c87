# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A dbus-daemon of our own that denies what a real system bus denies, plus the policy we ship."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED_POLICY = ROOT / "packaging/usr/share/dbus-1/system.d/org.smsotp1.conf"
DAEMON_USER = "root"  # whoever runs the tests plays the daemon's user

# As system.conf of dbus 1.14 has it: nobody may own a name or call a method unless allowed to.
_CONFIGURATION = """
<busconfig>
  <type>system</type>
  <listen>unix:path={directory}/socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>{directory}/shipped.conf</include>
  {rules}
</busconfig>
"""


def missing_requirement() -> str | None:
    """Say what this machine lacks for a private bus, or None."""
    if os.geteuid() != 0:
        return "needs root (to call as other users)"
    if shutil.which("dbus-daemon") is None:
        return "needs dbus-daemon"
    return None


@contextmanager
def private_bus(directory: Path, rules: str = "") -> Iterator[str]:
    """Run a bus in a directory everybody may enter, and yield its address.

    Args:
        rules: more of them, for names that a test plays itself.
    """
    directory.chmod(0o755)
    policy = ET.parse(SHIPPED_POLICY)  # noqa: S314  # our own file
    for rule in policy.iter("policy"):
        if rule.get("user") == "smsotp":
            rule.set("user", DAEMON_USER)
    policy.write(directory / "shipped.conf")
    configuration = directory / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(directory=directory, rules=rules))
    process = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--print-address", f"--config-file={configuration}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
