# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 whose sshd asks for PIN and code, and a user of its own for each test."""

from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.system.ssh.server import SETTINGS
from tests.testhost.machine import Machine
from tests.testhost.ssh import configure_sshd


@pytest.fixture(scope="session")
def server() -> Iterator[Machine]:
    """Debian 12 with our package, set up as the README says; only `sshd` is enabled."""
    with installed("bookworm") as machine:
        accounts.set_up(machine)
        # Nobody would be locked out, and yet `service enable` asks for somebody who can log in.
        accounts.enrol(accounts.new_account(machine))
        configure_sshd(machine, SETTINGS)
        machine.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
        yield machine
        assert accounts.secrets_in_journal(machine) == [], "after all tests, whatever they did"


@pytest.fixture
def alice(server: Machine) -> Account:
    """An enrolled user whom nobody else uses."""
    return accounts.enrol(accounts.new_account(server))


@pytest.fixture
def bob(server: Machine) -> Account:
    """Another one."""
    return accounts.enrol(accounts.new_account(server))


@pytest.fixture
def stranger(server: Machine) -> Account:
    """A user of the machine who is not enrolled."""
    return accounts.new_account(server)
