# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 whose sudo asks for PIN and code, and a user of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.testhost.machine import Machine


@pytest.fixture(scope="session")
def sudo_machine() -> Iterator[Machine]:
    """Debian 12 with our package; only `sudo` is enabled."""
    with installed("bookworm") as machine:
        accounts.set_up(machine)
        # Nobody would be locked out, and yet `service enable` asks for somebody who can log in.
        accounts.enrol(accounts.new_account(machine))
        machine.run(["smsotpctl", "service", "enable", "sudo", "--confirm"])
        yield machine


@pytest.fixture
def alice(sudo_machine: Machine) -> Account:
    """An enrolled user who may use sudo, and whom nobody else uses."""
    return accounts.enrol(accounts.new_account(sudo_machine, sudo=True))


@pytest.fixture
def bob(sudo_machine: Machine) -> Account:
    """Another one."""
    return accounts.enrol(accounts.new_account(sudo_machine, sudo=True))
