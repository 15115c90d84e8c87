# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 with an internet of its own, where the providers' names lead to simulators."""

from collections.abc import Iterator

import pytest

from tests.system import accounts
from tests.system.conftest import installed
from tests.system.gateways import providers
from tests.system.gateways.providers import Person
from tests.testhost.machine import Machine
from tests.testhost.ssh import configure_sshd


@pytest.fixture(scope="session")
def online(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Debian 12 with our package, sshd enabled, and no gateway but those that a test defines."""
    with installed("bookworm") as machine:
        providers.connect(machine, tmp_path_factory.mktemp("internet"))
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        configure_sshd(
            machine, {"KbdInteractiveAuthentication": "yes", "PasswordAuthentication": "no"}
        )
        machine.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
        yield machine
        asked = providers.exchanges(machine)
        assert [violation for exchange in asked for violation in exchange.violations] == []


@pytest.fixture
def ada(online: Machine) -> Person:
    """A person whom nobody else is; not enrolled."""
    return providers.new_person(online)
