# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Names, answers and origins that nobody can have typed honestly: refused, and nothing forged."""

from collections.abc import Iterator

import pexpect
import pytest

from tests.system import accounts, single_prompt
from tests.system.accounts import PIN, Account, open_transactions
from tests.system.ssh.server import ONE_TRY
from tests.testhost.machine import Machine
from tests.testhost.ssh import OPTIONS, SshLogin

pytestmark = pytest.mark.system

FORGED = "smsotpd: Login of root to sshd granted"
VERY_LONG = "x" * 10_000


@pytest.fixture(scope="module")
def client(server: Machine, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The server with a PAM program that takes any name; ssh refuses most of these itself."""
    single_prompt.install(server, tmp_path_factory.mktemp("client"))
    return server


@pytest.fixture(scope="module")
def alice(server: Machine) -> Account:
    """An enrolled user for all tests of this module, none of which may cost her anything."""
    return accounts.enrol(accounts.new_account(server))


@pytest.fixture(autouse=True)
def unharmed(server: Machine, alice: Account) -> Iterator[None]:
    """Whatever a test does: the daemon is the same, nothing was sent, counted or forged."""
    mark, pid = server.journal_mark(), daemon_pid(server)
    yield
    assert daemon_pid(server) == pid
    assert open_transactions(server) == 0
    assert alice.messages() == []
    assert alice.facts()["failures"] == 0
    shown = server.run(["journalctl", "--after-cursor", mark, "--output=cat", "--all"]).stdout
    assert not any(line.startswith(FORGED) for line in shown.splitlines())


def daemon_pid(server: Machine) -> str:
    return server.run(["systemctl", "show", "--value", "--property=MainPID", "smsotpd"]).stdout


@pytest.mark.parametrize("length", [257, 5000, 10_000])
def test_a_very_long_name_is_refused(server: Machine, length: int) -> None:
    options = [f"-o{option}" for option in OPTIONS]
    login = server.spawn(["ssh", *options, "-l", "x" * length, "localhost", "true"])
    login.expect(pexpect.EOF)
    login.close()
    assert login.exitstatus == 255
    assert "PIN" not in login.before


@pytest.mark.parametrize(
    "name",
    [
        "al\nice",
        f"alice\n{FORGED}",
        "al\x1b[2Jice",
        VERY_LONG,
        "al ice",
        "al:ice",
        "\x9b2J",
        "../x",
    ],
    ids=lambda name: repr(name)[:20],
)
def test_a_name_that_is_none_gets_nowhere(client: Machine, name: str) -> None:
    refused = single_prompt.attempt(client, "sshd", name, PIN)
    assert not refused.granted
    assert not any(line.startswith("hidden") for line in refused.shown), "nothing is asked"


@pytest.mark.parametrize("place", ["rhost", "tty"])
@pytest.mark.parametrize("text", [f"a\n{FORGED}", "a\x1b[2J", VERY_LONG], ids=lambda text: text[:3])
def test_an_origin_that_is_none_gets_nowhere(
    client: Machine, alice: Account, place: str, text: str
) -> None:
    origin = (text,) if place == "rhost" else ("192.0.2.7", text)
    assert not single_prompt.attempt(client, "sshd", alice.name, PIN, origin).granted


@pytest.mark.parametrize(
    "answer",
    [f"{PIN}\n{FORGED}", f"{PIN}\n", f"\x1b]0;{PIN}\x07", "x" * 4000, ""],
    ids=["newline", "trailing newline", "escape", "very long", "empty"],
)
def test_an_answer_that_nobody_typed_is_refused(
    client: Machine, alice: Account, answer: str
) -> None:
    assert not single_prompt.attempt(client, "sshd", alice.name, answer).granted


def test_control_keys_at_the_prompt_are_refused(server: Machine, alice: Account) -> None:
    with SshLogin(server, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(f"\x1b[2J\x02{PIN}")
        result = login.result()
    assert not result.granted
    assert "\x1b[2J" not in result.text
