# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The caller of sudo chooses the environment, and with it nothing of what runs as root."""

from collections.abc import Iterator

import pytest

from smsotpd.core.events import LoginGranted
from tests.system.accounts import Account
from tests.system.sudo.login import SudoLogin
from tests.system.traps import ATTACKS, ENVIRONMENTS, LIBRARY, planted, was_trapped
from tests.tally import Tried
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def trap(sudo_machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine with planted modules, programs, libraries and a bus."""
    with planted(sudo_machine, tmp_path_factory.mktemp("trap")):
        yield sudo_machine


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/python3", "-c", ""], "PYTHONPATH"),
        (["/usr/bin/python3", "-c", ""], "PYTHONHOME"),
        (["/usr/bin/python3", "-c", ""], "PYTHONUSERBASE"),
        (["/usr/bin/true"], "LD_PRELOAD"),
        (
            ["/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL('libpam.so.0')"],
            "LD_LIBRARY_PATH",
        ),
        (["python3"], "PATH"),
        (["busctl", "list"], "DBUS_SYSTEM_BUS_ADDRESS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_trap_catches_a_program_that_heeds_its_environment(
    trap: Machine, command: list[str], name: str
) -> None:
    words = ["sh", "-c", 'exec "$@"', "sh", *command]
    trap.run(words, env=ENVIRONMENTS[name], check=False)
    assert was_trapped(trap)


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_planted_runs_as_root(
    trap: Machine, alice: Account, name: str, tried: Tried
) -> None:
    tried()
    with SudoLogin(alice, ["/usr/bin/sudo", "/usr/bin/id"], env=ATTACKS[name]) as login:
        login.pass_both()
        assert login.result().granted
    assert not was_trapped(trap)
    assert len(alice.journal(LoginGranted)) == 1


def test_nothing_planted_in_the_working_directory_runs_as_root(
    trap: Machine, alice: Account, tried: Tried
) -> None:
    tried()
    with SudoLogin(alice, ["sh", "-c", f"cd {LIBRARY} && exec sudo id"]) as login:
        login.pass_both()
        assert login.result().granted
    assert not was_trapped(trap)
