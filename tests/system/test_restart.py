# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A machine is restarted before anybody confirmed: because nobody could log in, say."""

from collections.abc import Iterator

import pexpect
import pytest

from tests.system.conftest import installed
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

SUDO = "/etc/pam.d/sudo"
SSHD = "/etc/pam.d/sshd"
DROP_IN = "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"
UNIT = "smsotp-rollback.service"
UNCONFIRMED = "/var/backups/pam-smsotp/unconfirmed"
# Longer than the machine takes to start, so that it is not the timer that undoes it.
LONG = ("--rollback", "3600")


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn with our package, to be restarted."""
    with installed(request.param) as found:
        yield found


def shown(machine: Machine, unit: str, name: str) -> str:
    return machine.run(["systemctl", "show", "--value", f"--property={name}", unit]).stdout.strip()


def test_the_package_has_it_run_at_the_start_and_at_no_other_time(machine: Machine) -> None:
    assert machine.run(["systemctl", "is-enabled", UNIT]).stdout.strip() == "enabled"
    assert shown(machine, UNIT, "ActiveEnterTimestampMonotonic") == "0"
    before = shown(machine, UNIT, "Before").split()
    assert {"ssh.service", "systemd-user-sessions.service"} <= set(before)
    verified = machine.run(["systemd-analyze", "verify", "--man=no", UNIT])
    assert UNIT not in verified.stderr


def test_what_nobody_confirmed_is_undone_by_a_restart(machine: Machine) -> None:
    sudo, sshd = machine.read_bytes(SUDO), machine.read_bytes(SSHD)
    machine.add_user("alice", "correct horse")
    machine.run(["smsotpctl", "service", "enable", "sudo", "--force", *LONG])
    words = [
        "smsotpctl", "setup", "--yes", "--type", "outbox", "--user", "alice",
        "--address-fd", "3", "--no-verify", "--no-recovery", "--no-test",
        "--pin-fd", "0", *LONG,
    ]  # fmt: skip
    telling_its_id = 'exec 3<<END\n+491511270002\nEND\necho id=$$.; exec "$@"'
    typed = ["sh", "-c", 'echo 8259-blue | sh -c "$0" sh "$@"', telling_its_id]
    terminal = machine.spawn([*typed, *words], timeout=60)
    terminal.expect(r"id=(\d+)\.")
    process = str(terminal.match[1])
    terminal.expect("Now log in from a second terminal")
    assert machine.read_bytes(SUDO) != sudo
    assert machine.read_bytes(SSHD) != sshd
    assert "KbdInteractiveAuthentication yes" in machine.read_text(DROP_IN)
    assert machine.run(["ls", UNCONFIRMED]).stdout.split() == ["sshd", "sudo"]

    # As a restart without warning would, setup itself undoes nothing; and a process that nobody
    # has waited for would keep the machine from going down.
    machine.run(["kill", "-KILL", process])
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert machine.read_bytes(SSHD) != sshd

    machine.restart()

    assert machine.read_bytes(SUDO) == sudo
    assert machine.read_bytes(SSHD) == sshd
    assert machine.run(["test", "-e", DROP_IN], check=False).returncode != 0
    assert "kbdinteractiveauthentication no" in machine.run(["sshd", "-T"]).stdout
    assert machine.run(["ls", UNCONFIRMED]).stdout == ""
    told = machine.run(["journalctl", "--boot", f"--unit={UNIT}", "--output=cat"]).stdout
    for service in ("sshd", "sudo"):
        assert f"Nobody had confirmed {service}; it is as it was." in told


def test_what_was_confirmed_outlives_a_restart(machine: Machine) -> None:
    machine.run(["smsotpctl", "service", "enable", "sudo", "--force", *LONG])
    machine.run(["smsotpctl", "service", "confirm", "sudo"])
    enabled = machine.read_bytes(SUDO)

    machine.restart()

    assert machine.read_bytes(SUDO) == enabled
    assert shown(machine, UNIT, "ConditionResult") == "no"
    machine.run(["smsotpctl", "service", "disable", "sudo"])


def test_an_upgrade_of_the_package_undoes_nothing_that_its_timer_will(machine: Machine) -> None:
    machine.run(["smsotpctl", "service", "enable", "sudo", "--force", *LONG])
    enabled = machine.read_bytes(SUDO)

    machine.run(["dpkg-reconfigure", "--frontend=noninteractive", "pam-smsotp"])
    machine.run(["systemctl", "start", UNIT])

    assert machine.read_bytes(SUDO) == enabled
    machine.run(["smsotpctl", "service", "disable", "sudo"])
