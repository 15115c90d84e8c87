# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""sudo without secure_path: pam_python is refused, and the native terminal heeds no environment."""

from collections.abc import Iterator

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.core.events import LoginGranted
from tests.system import accounts
from tests.system.sudo.login import SudoLogin
from tests.system.sudo.service import enable, sudoers
from tests.system.traps import ATTACKS, planted, was_trapped
from tests.tally import Tried
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", autouse=True)
def without_secure_path(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Rules that leave each caller's PATH, and things planted in it."""
    rules = machine.read_text("/etc/sudoers").splitlines()
    others = [line for line in rules if "secure_path" not in line]
    with (
        sudoers(machine, "\n".join([*others, ""])),
        planted(machine, tmp_path_factory.mktemp("trap")),
    ):
        yield


@pytest.fixture(scope="module")
def enabled(machine: Machine) -> Iterator[None]:
    """sudo asks by the terminal that smsotpctl chooses."""
    enable(machine, "sudo")
    yield
    machine.run(["smsotpctl", "service", "disable", "sudo"])


def test_pam_python_is_refused_with_what_to_type_instead(machine: Machine, tried: Tried) -> None:
    tried()
    refused = enable(machine, "sudo", "--terminal", "python", "--force", check=False)
    assert refused.returncode == Exit.REFUSED
    assert "secure_path is not set" in refused.stderr
    assert "smsotpctl service enable sudo --terminal native" in refused.stderr


@pytest.mark.usefixtures("enabled")
@pytest.mark.parametrize("name", ["PATH", "PYTHONPATH", "DBUS_SYSTEM_BUS_ADDRESS", "all at once"])
def test_the_native_terminal_is_chosen_and_nothing_planted_runs_as_root(
    machine: Machine, name: str, tried: Tried
) -> None:
    tried()
    alice = accounts.enrol(accounts.new_account(machine, sudo=True))
    with SudoLogin(alice, ["/usr/bin/sudo", "/usr/bin/id"], env=ATTACKS[name]) as login:
        login.pass_both()
        assert login.result().granted
    assert not was_trapped(machine)
    assert "pam_smsotp.so" in machine.read_text("/etc/pam.d/sudo")
    assert len(alice.journal(LoginGranted)) == 1
