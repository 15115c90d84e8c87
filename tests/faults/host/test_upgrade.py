# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The package is upgraded in mid-login, and the store's tables with it: nothing is half done."""

import re
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest

from tests.faults.host.unit import asked, wait_for_the_next
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY, log_in, prove_pin
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.package import built_package, install
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

END = 2
VERSION_OF_TABLES = """
import sqlite3
print(sqlite3.connect("/var/lib/smsotp/smsotpd.db").execute("PRAGMA user_version").fetchone()[0])
"""


def later_package(folder: Path) -> tuple[Path, int]:
    """Return the built package as of a later version, which has one more table, and their number.

    The number is that of the store's tables before.
    """
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", built_package(), tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*", "Version: 98.0", control.read_text()))
    [schema] = tree.rglob("store/schema.py")
    text = schema.read_text()
    [names] = re.findall(r"(?m)^MIGRATIONS: .* = \((.*)\)$", text)
    more = f'{names}, "CREATE TABLE later (number INTEGER NOT NULL) STRICT;"'
    schema.write_text(text.replace(f"({names})", f"({more})"))
    package = folder / "later.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, package], check=True)
    return package, names.count("_V")


def try_to_log_in(account: Account) -> None:
    """Answer all prompts of one login; it ends, whichever way."""
    with SshLogin(account.machine, account.name, options=ONE_TRY) as login:
        while (prompt := login.terminal.expect(["PIN: ", "Code .*: ", pexpect.EOF])) != END:
            login.answer(account.code() if prompt else PIN)


def test_an_upgrade_in_mid_login_loses_neither_code_nor_count(
    server: Machine, alice: Account, bob: Account, tried: Tried, tmp_path: Path
) -> None:
    package, tables = later_package(tmp_path)
    pid = asked(server, "MainPID")
    upgrading = threading.Thread(target=install, args=(server, package))
    with SshLogin(server, alice.name) as login:
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        prove_pin(login, alice)
        upgrading.start()
        # Whoever comes meanwhile is served, or told no; nobody hangs.
        while upgrading.is_alive():
            tried()
            try_to_log_in(bob)
        upgrading.join()
        wait_for_the_next(server, pid, 20)
        tried()
        login.answer(alice.code())
        login.expect_prompt("PIN: ")  # the login died with the daemon that led it
        login.answer(PIN)
        login.expect_prompt(f"Code was already sent to {alice.masked}: ")
        login.answer(alice.code())
        assert login.result().granted
    assert len(alice.messages()) == 1
    log_in(bob)
    log_in(alice)
    server.run(["test", "-e", f"/var/lib/smsotp/smsotpd.db.bak-v{tables}"])
    server.run(["systemctl", "stop", "smsotpd"])
    now = server.run(["python3", "-c", VERSION_OF_TABLES]).stdout
    server.run(["systemctl", "start", "smsotpd"])
    assert int(now) == tables + 1
