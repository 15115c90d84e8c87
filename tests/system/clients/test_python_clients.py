# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Programs written in Python log in by their own libraries, from one password field.

Debian's pamela, which JupyterHub uses, and its python-pam (python3-pampy): both give one password
to the one question they expect, so the login takes two attempts. With pam_python, both crash.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from smsotpd.core.events import LoginDenied, LoginGranted
from tests.system.accounts import PASSWORD, PIN, Account
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

SERVICE: Final = "jupyterhub"
IN_PYTHON: Final = "in-python"
SIGSEGV: Final = 128 + 11

# Each reads passwords, a line each, and tries them one after the other in one process.
PAMELA: Final = """
import pamela, sys
for password in sys.stdin.read().splitlines():
    try:
        pamela.authenticate(sys.argv[2], password, service=sys.argv[1])
    except pamela.PAMError as error:
        print("denied", error.errno)
    else:
        print("granted")
"""
PYTHON_PAM: Final = """
import pam, sys
for password in sys.stdin.read().splitlines():
    client = pam.pam()
    if client.authenticate(sys.argv[2], password, service=sys.argv[1]):
        print("granted")
    else:
        print("denied", client.code)
"""
# As a server with a pool of threads does it: all at once, in one process.
THREADS: Final = """
import concurrent.futures, pamela, sys
def attempt(line):
    user, password = line.split()
    try:
        pamela.authenticate(user, password, service=sys.argv[1])
    except pamela.PAMError as error:
        return f"{user} denied {error.errno}"
    return f"{user} granted"
lines = sys.stdin.read().splitlines()
with concurrent.futures.ThreadPoolExecutor(len(lines)) as pool:
    print(*pool.map(attempt, lines), sep="\\n")
"""
CLIENTS: Final = {"pamela": PAMELA, "python-pam": PYTHON_PAM}
AUTH_ERR: Final = "denied 7"


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return CLIENTS[request.param]


@pytest.fixture(scope="module")
def pam_python(machine: Machine) -> Iterator[str]:
    """A service that pam_python serves, as nobody should write it for these clients."""
    module = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py mode=two-attempt"
    machine.write_text(f"/etc/pam.d/{IN_PYTHON}", f"auth required {module}\n")
    yield IN_PYTHON
    machine.run(["rm", f"/etc/pam.d/{IN_PYTHON}"])


def attempts(client: str, account: Account, *passwords: str) -> list[str]:
    """Try passwords one after the other in one process, and return what the library said."""
    words = ["python3", "-I", "-c", client, SERVICE, account.name]
    given = "".join(f"{password}\n" for password in passwords)
    return account.machine.run(words, input=given).stdout.splitlines()


def test_the_pin_sends_the_code_and_pin_and_code_let_in(client: str, alice: Account) -> None:
    assert attempts(client, alice, PIN) == [AUTH_ERR]
    assert attempts(client, alice, PIN + alice.code()) == ["granted"]
    assert len(alice.messages()) == 1
    [granted] = alice.journal(LoginGranted)
    assert granted["SMSOTP_SERVICE"] == SERVICE


@pytest.mark.parametrize("password", [PASSWORD, "123456"], ids=["password", "code"])
def test_without_the_pin_nobody_is_let_in_and_nothing_sent(
    client: str, alice: Account, password: str
) -> None:
    assert attempts(client, alice, password) == [AUTH_ERR]
    assert alice.messages() == []


def test_a_process_may_try_again_and_again(client: str, alice: Account) -> None:
    assert attempts(client, alice, PIN) == [AUTH_ERR]
    right = PIN + alice.code()
    wrong = PIN + alice.wrong_code()
    assert attempts(client, alice, wrong, right, right) == [AUTH_ERR, "granted", AUTH_ERR]


def test_threads_of_one_process_log_in_at_once(alice: Account, bob: Account) -> None:
    words = ["python3", "-I", "-c", THREADS, SERVICE]
    people = (alice, bob)
    for account in people:
        attempts(PAMELA, account, PIN)
    lines = [f"{account.name} {PIN}{account.code()}\n" for account in people]
    lines += [f"{account.name} wrong\n" for account in people]

    said = alice.machine.run(words, input="".join(lines)).stdout.splitlines()

    assert said == [
        *(f"{account.name} granted" for account in people),
        *(f"{account.name} {AUTH_ERR}" for account in people),
    ]
    for account in people:
        assert len(account.journal(LoginGranted)) == 1
        assert len(account.journal(LoginDenied)) == 2


def test_with_pam_python_they_crash_which_is_why_it_is_refused(
    client: str, pam_python: str, alice: Account
) -> None:
    words = ["python3", "-I", "-c", client, pam_python, alice.name]
    done = alice.machine.run(
        ["sh", "-c", '"$@"; exit', "sh", *words], input=f"{PIN}\n", check=False
    )
    assert done.returncode == SIGSEGV
    assert alice.messages() == []
    refused = alice.machine.run(
        ["smsotpctl", "service", "enable", SERVICE, "--terminal", "python"], check=False
    )
    assert refused.returncode != 0
    assert "written in Python" in refused.stderr
