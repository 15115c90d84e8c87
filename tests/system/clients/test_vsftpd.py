# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""FTP has one password field: the PIN first, then PIN and code in one."""

from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.core.events import LoginGranted
from tests.system.accounts import PASSWORD, PIN, Account
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

CONFIGURATION: Final = """\
listen=YES
listen_ipv6=NO
anonymous_enable=NO
local_enable=YES
pam_service_name=vsftpd
secure_chroot_dir=/var/run/vsftpd/empty
seccomp_sandbox=NO
"""
CLIENT: Final = """
import ftplib, sys
with ftplib.FTP("127.0.0.1", timeout=30) as connection:
    try:
        connection.login(sys.argv[1], sys.stdin.read())
    except ftplib.error_perm as error:
        sys.exit(str(error))
    print(connection.pwd())
"""


@pytest.fixture(scope="module", autouse=True)
def server(machine: Machine) -> Iterator[None]:
    """A vsftpd that lets users of the machine in."""
    machine.write_text("/etc/vsftpd.conf", CONFIGURATION)
    machine.run(["systemctl", "start", "vsftpd"])
    listening = ["ss", "--listening", "--tcp", "--no-header", "sport = 21"]
    wait_until(lambda: machine.run(listening).stdout, 10, "the server listens")
    yield
    machine.run(["systemctl", "stop", "vsftpd"])


def log_in(account: Account, password: str) -> bool:
    """Log in once; tell whether the user's home is shown."""
    client = ["python3", "-I", "-c", CLIENT, account.name]
    done = account.machine.run(client, input=password, check=False)
    assert done.returncode == 0 or "530 Login incorrect" in done.stderr, done.stderr
    return done.returncode == 0 and done.stdout == f"/home/{account.name}\n"


def test_the_pin_sends_the_code_and_pin_and_code_let_in(alice: Account) -> None:
    assert not log_in(alice, PIN)
    assert log_in(alice, PIN + alice.code())
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == "vsftpd"


@pytest.mark.parametrize("password", [PASSWORD, "123456", "wrong"], ids=["password", "code", "PIN"])
def test_without_the_pin_nobody_is_let_in_and_nothing_sent(alice: Account, password: str) -> None:
    assert not log_in(alice, password)
    assert alice.messages() == []


def test_a_code_is_good_for_one_login(alice: Account) -> None:
    log_in(alice, PIN)
    password = PIN + alice.code()
    assert log_in(alice, password)
    assert not log_in(alice, password)
