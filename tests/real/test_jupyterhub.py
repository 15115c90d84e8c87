# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""JupyterHub's own PAMAuthenticator logs in by PIN, then PIN and code, on a booted Debian 12."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from smsotpd.cli.pam.terminal import Terminal
from smsotpd.core.events import LoginGranted
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.conftest import installed
from tests.testhost.machine import Machine

pytestmark = pytest.mark.real

BUILT: Final = Path(__file__).resolve().parents[2] / "build" / "real" / "jupyterhub"
INSIDE: Final = "/opt/jupyterhub"
SERVICE_FILE: Final = "@include common-auth\n@include common-account\n@include common-session\n"
SIGSEGV: Final = 128 + 11

# What the hub does with the form of its login page, in its own process and pool of threads.
HUB: Final = """
import asyncio, sys
from jupyterhub.auth import PAMAuthenticator
from traitlets.config import Config

config = Config()
config.PAMAuthenticator.service = sys.argv[1]
config.PAMAuthenticator.allow_all = True
authenticator = PAMAuthenticator(config=config)

async def main():
    for password in sys.stdin.read().splitlines():
        form = {"username": sys.argv[2], "password": password}
        user = await authenticator.get_authenticated_user(None, form)
        print(user["name"] if user else None)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[Machine]:
    """Debian 12 with JupyterHub, whose service asks by the native terminal."""
    if not BUILT.exists():
        pytest.fail("JupyterHub is missing: make test-real")
    with installed("bookworm", Terminal.NATIVE) as machine:
        packed = subprocess.run(
            ["tar", "--create", "--directory", str(BUILT), "."], check=True, capture_output=True
        )
        machine.run(["mkdir", INSIDE])
        machine.run(["tar", "--extract", "--directory", INSIDE], input=packed.stdout)
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        machine.write_text("/etc/pam.d/jupyterhub", SERVICE_FILE)
        machine.run(["smsotpctl", "service", "enable", "jupyterhub", "--confirm"])
        yield machine


@pytest.fixture
def alice(hub: Machine) -> Account:
    """An enrolled user whom nobody else uses."""
    return accounts.enrol(accounts.new_account(hub))


def log_in(
    account: Account, *passwords: str, service: str = "jupyterhub", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Let the hub judge passwords one after the other; it prints who is logged in."""
    return account.machine.run(
        ["sh", "-c", '"$@"; exit', "sh", "python3", "-c", HUB, service, account.name],
        input="".join(f"{password}\n" for password in passwords),
        env={"PYTHONPATH": INSIDE},
        check=check,
    )


def test_the_pin_sends_the_code_and_pin_and_code_let_in(alice: Account) -> None:
    assert log_in(alice, PIN).stdout == "None\n"
    assert log_in(alice, PIN + alice.code()).stdout == f"{alice.name}\n"
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "jupyterhub"


def test_one_hub_judges_many_logins(alice: Account) -> None:
    log_in(alice, PIN)
    right, wrong = PIN + alice.code(), PIN + alice.wrong_code()
    assert log_in(alice, wrong, right, right).stdout.split() == ["None", alice.name, "None"]


@pytest.mark.parametrize("password", [PASSWORD, "123456", "wrong"])
def test_without_the_pin_nobody_is_let_in_and_nothing_sent(alice: Account, password: str) -> None:
    assert log_in(alice, password).stdout == "None\n"
    assert alice.messages() == []


def test_pam_python_would_crash_the_hub(alice: Account) -> None:
    machine = alice.machine
    module = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py mode=two-attempt"
    machine.write_text("/etc/pam.d/in-python", f"auth required {module}\n")
    done = log_in(alice, PIN, service="in-python", check=False)
    assert done.returncode == SIGSEGV
