# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 whose sudo asks for PIN and code, by each terminal, and users for each test."""

from collections.abc import Iterator

import pytest

from smsotpd.cli.pam.terminal import Terminal
from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.system.sudo.service import enable
from tests.testhost.machine import Machine


@pytest.fixture(scope="session", params=list(Terminal))
def sudo_machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Debian 12 with our package; only `sudo` is enabled, by each terminal in turn."""
    with installed("bookworm", request.param) as machine:
        accounts.set_up(machine)
        # Nobody would be locked out, and yet `service enable` asks for somebody who can log in.
        accounts.enrol(accounts.new_account(machine))
        enable(machine, "sudo", "--terminal", request.param)
        yield machine


@pytest.fixture
def alice(sudo_machine: Machine) -> Account:
    """An enrolled user who may use sudo, and whom nobody else uses."""
    return accounts.enrol(accounts.new_account(sudo_machine, sudo=True))


@pytest.fixture
def bob(sudo_machine: Machine) -> Account:
    """Another one."""
    return accounts.enrol(accounts.new_account(sudo_machine, sudo=True))
