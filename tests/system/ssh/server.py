# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a test may change about sshd for its own time, and the steps that most logins share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from tests.system.accounts import PIN, Account, open_transactions
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin, configure_sshd
from tests.testhost.waiting import wait_until

SETTINGS: Final = {"KbdInteractiveAuthentication": "yes", "PasswordAuthentication": "no"}
SERVICE: Final = "/etc/pam.d/sshd"
MODULE: Final = "/usr/lib/pam-smsotp/pam_smsotp.py"
# ssh shows whose prompt it is: "(alice@localhost) PIN: ".
ONE_TRY: Final = ("NumberOfPasswordPrompts=1",)


@contextmanager
def sshd_settings(server: Machine, changed: Mapping[str, str]) -> Iterator[None]:
    """Change settings of sshd for the time of a `with` block."""
    configure_sshd(server, {**SETTINGS, **changed})
    try:
        yield
    finally:
        configure_sshd(server, SETTINGS)


@contextmanager
def pam_arguments(server: Machine, words: str) -> Iterator[None]:
    """Give our module in sshd's stack some arguments for the time of a `with` block."""
    written = server.read_text(SERVICE)
    server.write_text(SERVICE, written.replace(MODULE, f"{MODULE} {words}"))
    try:
        yield
    finally:
        server.write_text(SERVICE, written)


def prove_pin(login: SshLogin, account: Account, *, pin: str = PIN) -> None:
    """Give the PIN and wait until a new code was sent."""
    login.expect_prompt("PIN: ")
    login.answer(pin)
    login.expect_prompt(f"Code sent to {account.masked}: ")


def log_in(account: Account) -> None:
    """Log in by PIN and code: what must work before and after whatever a test does."""
    with SshLogin(account.machine, account.name) as login:
        prove_pin(login, account)
        login.answer(account.code())
        assert login.result().granted


def kill_client(account: Account) -> None:
    """End the newest ssh of an account so that it can answer nothing any more."""
    client = ["pgrep", "--newest", "--full", f"^ssh .*{account.name}@localhost"]
    pid = account.machine.run(client).stdout.strip()
    account.machine.run(["kill", "-KILL", pid])


def wait_until_nothing_is_open(server: Machine, seconds: float = 1.0) -> None:
    """Wait until the daemon has forgotten every login in progress."""
    wait_until(lambda: open_transactions(server) == 0, seconds, "the transaction is gone")
