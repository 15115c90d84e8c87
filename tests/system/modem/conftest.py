# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each Debian in turn with our package and an sshd that asks for PIN and code, and modems in it."""

from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.system.modem.attached import Modem, attached, tidy
from tests.system.ssh.server import SETTINGS
from tests.testhost.machine import Machine
from tests.testhost.ssh import configure_sshd


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def server(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """A Debian whose sshd asks for PIN and code."""
    with installed(request.param) as machine:
        accounts.set_up(machine)
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
def modem(server: Machine) -> Iterator[Modem]:
    """One modem, with the rights that udev gives to one."""
    with attached(server, "one") as modem:
        yield modem
    tidy(server)


@pytest.fixture
def modems(server: Machine) -> Iterator[tuple[Modem, Modem]]:
    """Two of them."""
    with attached(server, "one") as first, attached(server, "two") as second:
        yield first, second
    tidy(server)
