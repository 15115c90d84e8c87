# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users from a file, and their first logins."""

import csv
import json

import pytest

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.ssh.server import ONE_TRY
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

FILE = "/root/users.csv"
PINS = "/root/pins.csv"


def log_in_with(account: Account, pin: str) -> bool:
    with SshLogin(account.machine, account.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(pin)
        login.expect_prompt(f"Code sent to {account.masked}: ")
        login.answer(account.code())
        return login.result().granted


def test_a_new_user_logs_in_with_the_pin_that_was_made(server: Machine, stranger: Account) -> None:
    server.write_text(FILE, f"\ufeffuser,phone\r\n{stranger.name},{stranger.phone}\r\n")
    server.run(["rm", "-f", PINS])
    try:
        server.run(["smsotpctl", "user", "import", FILE, "--pins-to", PINS])
        [made] = csv.DictReader(server.read_text(PINS).splitlines())
        mode = server.run(["stat", "--format=%a %U", PINS]).stdout.strip()

        assert (made["user"], mode) == (stranger.name, "600 root")
        assert log_in_with(stranger, made["pin"])
        assert made["pin"] not in accounts.journal_text(server)
    finally:
        server.run(["rm", "-f", FILE, PINS])


def test_a_file_is_done_line_by_line(server: Machine, stranger: Account, alice: Account) -> None:
    ghost = accounts.no_account(server)
    lines = [
        "user,phone,pin",
        f"{alice.name},{alice.phone},{accounts.PIN}",
        f"{stranger.name},{stranger.phone},{accounts.PIN}",
        f"{ghost.name},{ghost.phone},{accounts.PIN}",
        f"mallory,0170,{accounts.PIN}",
    ]
    server.write_text(FILE, "\n".join(lines), 0o600)
    try:
        done = server.run(["smsotpctl", "user", "import", FILE, "--json"], check=False)

        assert done.returncode == 1
        told = [
            (each["line"], each["result"], bool(each["warning"]))
            for each in json.loads(done.stdout)
        ]
        assert told == [
            (2, "unchanged", False),
            (3, "enrolled", False),
            (4, "enrolled", True),
            (5, "refused", True),
        ]
        assert log_in_with(stranger, accounts.PIN)
    finally:
        server.run(["smsotpctl", "user", "remove", ghost.name, "--yes"], check=False)
        server.run(["rm", "-f", FILE])
