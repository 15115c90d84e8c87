# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 on which programs of all kinds ask for PIN and code by the native terminal."""

from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.cli.pam.terminal import Terminal
from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.system.ssh.server import SETTINGS
from tests.testhost.machine import Machine
from tests.testhost.ssh import configure_sshd

SERVICES: Final = ("sshd", "su", "chsh", "vsftpd", "jupyterhub")
# JupyterHub brings no service file; this is one as any program's.
HUB_SERVICE: Final = "@include common-auth\n@include common-account\n@include common-session\n"


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """Debian 12 with both our packages; some services ask by the native terminal."""
    with installed("bookworm", Terminal.NATIVE) as machine:
        accounts.set_up(machine)
        # Nobody would be locked out, and yet `service enable` asks for somebody who can log in.
        accounts.enrol(accounts.new_account(machine))
        configure_sshd(machine, SETTINGS)
        machine.write_text("/etc/pam.d/jupyterhub", HUB_SERVICE)
        for service in SERVICES:
            enable = ["smsotpctl", "service", "enable", service, "--terminal", "native"]
            machine.run([*enable, "--confirm"])
        yield machine
        assert accounts.secrets_in_journal(machine) == [], "after all tests, whatever they did"


@pytest.fixture
def alice(machine: Machine) -> Account:
    """An enrolled user whom nobody else uses."""
    return accounts.enrol(accounts.new_account(machine))


@pytest.fixture
def bob(machine: Machine) -> Account:
    """Another one."""
    return accounts.enrol(accounts.new_account(machine))
