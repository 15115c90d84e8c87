# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An enabled service undoes itself unless somebody confirms it, even if its terminal is lost."""

import pytest

from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

SUDO = "/etc/pam.d/sudo"
SHORTEST = "30"
# The timer is exact to a second; what it starts takes some more on a busy machine.
SECONDS = 60.0


@pytest.fixture(params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Machine:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Machine)
    return found


def enable(*options: str) -> list[str]:
    # Nobody needs to log in here: --force goes on without a gateway and a user.
    return ["smsotpctl", "service", "enable", "sudo", "--force", *options]


def test_a_killed_smsotpctl_leaves_a_service_that_undoes_itself(machine: Machine) -> None:
    before = machine.read_text(SUDO)
    telling_its_id = ["sh", "-c", 'echo id=$$.; exec "$@"', "sh"]
    terminal = machine.spawn([*telling_its_id, *enable("--rollback", SHORTEST)])
    terminal.expect(r"id=(\d+)\.")
    process = terminal.match[1]
    terminal.expect("Did it work")
    assert machine.read_text(SUDO) != before

    machine.run(["kill", "-KILL", process.decode() if isinstance(process, bytes) else process])

    wait_until(lambda: machine.read_text(SUDO) == before, SECONDS, "the file is as it was")


def test_a_confirmed_service_stays(machine: Machine) -> None:
    before = machine.read_text(SUDO)
    terminal = machine.spawn(enable("--rollback", SHORTEST))
    terminal.expect("Did it work")
    terminal.sendline("y")
    terminal.expect("stays enabled")

    listed = machine.run(["systemctl", "list-timers", "--all", "pam-smsotp-*"]).stdout
    assert "0 timers listed" in listed
    assert machine.read_text(SUDO) != before
    machine.run(["smsotpctl", "service", "disable", "sudo"])
    assert machine.read_text(SUDO) == before


def test_a_script_confirms_by_a_second_command(machine: Machine) -> None:
    before = machine.read_text(SUDO)
    machine.run(enable("--rollback", SHORTEST))
    assert "unconfirmed" in machine.run(["smsotpctl", "service", "list", "sudo"]).stdout

    machine.run(["smsotpctl", "service", "confirm", "sudo"])

    assert "unconfirmed" not in machine.run(["smsotpctl", "service", "list", "sudo"]).stdout
    machine.run(["smsotpctl", "service", "disable", "--all", "--quiet"])
    assert machine.read_text(SUDO) == before
