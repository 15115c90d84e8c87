# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The pages in `docs/hosts`: what they tell to type is typed here, and what is seen is kept there.

A setting, a policy or a command is taken from its page as it stands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from smsotpd.cli.pam.terminal import Terminal
from tests import pages
from tests.static.tree import ROOT
from tests.system import accounts
from tests.system.accounts import DROP_INS, PASSWORD, PIN, Account
from tests.system.conftest import installed
from tests.testhost.machine import Machine
from tests.testhost.recording import Recording, compare

pytestmark = pytest.mark.system

HOSTS: Final = ROOT / "docs" / "hosts"
SSHD: Final = "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"
MATCHES: Final = "/etc/ssh/sshd_config.d/90-pam-smsotp.conf"
# A user's ssh knows the host; it is not what these pages are about.
SSH_CONFIG: Final = "Host *\n    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n"
LOG_IN: Final = "ssh alice@localhost id -un"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Debian 12 with both packages; alice is enrolled, and has a key."""
    with installed("bookworm", Terminal.NATIVE) as machine:
        accounts.set_up(machine)
        for name in ("alice", "bob"):
            machine.add_user(name, PASSWORD)
            home = f"/home/{name}"
            machine.write_text(f"{home}/.ssh/config", SSH_CONFIG, mode=0o600)
            machine.run(["chown", "-R", f"{name}:{name}", home])
        make_key = [
            "ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-f",
            "/home/bob/.ssh/id_ed25519",
        ]
        machine.run(make_key, user="bob")
        accounts.enrol(Account(machine, "alice", "+491701234589"))
        yield machine


@pytest.fixture
def alice(machine: Machine) -> Account:
    """The user of the pages, unlocked, and with no wait before the next code."""
    account = Account(machine, "alice", "+491701234589")
    machine.run(["smsotpctl", "user", "remove", "alice", "--yes"])
    return accounts.enrol(account)


def page(name: str) -> Path:
    """Return one of the pages."""
    return HOSTS / f"{name}.md"


def block(name: str, language: str, number: int = 0) -> str:
    """Return a piece of configuration as a page has it."""
    return pages.blocks(page(name), language)[number]


@contextmanager
def enabled(machine: Machine, name: str, command: str) -> Iterator[None]:
    """Enable a service by a command of a page, for the time of a `with` block."""
    written = pages.as_written(command, page(name))
    machine.run(["sh", "-c", f"{written} --confirm"])
    try:
        yield
    finally:
        machine.run(["smsotpctl", "service", "disable", "--all", "--quiet"])


@contextmanager
def sshd(machine: Machine, text: str, path: str = SSHD) -> Iterator[None]:
    """Put settings of a page into a file of sshd's for the time of a `with` block."""
    machine.write_text(path, text)
    machine.run(["sshd", "-t"])
    machine.run(["systemctl", "reset-failed", "ssh"])
    machine.run(["systemctl", "restart", "ssh"])
    try:
        yield
    finally:
        machine.run(["rm", path])
        machine.run(["systemctl", "reset-failed", "ssh"])
        machine.run(["systemctl", "restart", "ssh"])


@contextmanager
def key_of_bob(machine: Machine, options: str = "") -> Iterator[None]:
    """Let bob in as alice by his key, for the time of a `with` block."""
    key = machine.read_text("/home/bob/.ssh/id_ed25519.pub")
    path = "/home/alice/.ssh/authorized_keys"
    machine.write_text(path, f"{options} {key}".lstrip())
    machine.run(["chown", "alice:alice", path])
    try:
        yield
    finally:
        machine.run(["rm", path])


def pin_and_code(login: Recording, account: Account) -> None:
    """Answer both prompts rightly."""
    login.wait_for("PIN: ")
    login.answer_unseen(PIN, "the PIN")
    code(login, account)


def code(login: Recording, account: Account) -> None:
    """Answer the second prompt rightly."""
    login.wait_for(f"Code sent to {account.masked}: ")
    login.answer_unseen(account.code(), "the code")


def test_questions_and_slips_at_the_code_prompt(machine: Machine, alice: Account) -> None:
    with (
        sshd(machine, block("ssh", "sshd_config", 0)),
        enabled(machine, "ssh", "smsotpctl service enable sshd"),
        Recording(machine, LOG_IN, user="bob") as login,
    ):
        login.wait_for("PIN: ")
        login.answer_unseen(PIN, "the PIN")
        login.wait_for(f"Code sent to {alice.masked}: ")
        login.answer_unseen("?", "?")
        login.wait_for("r sends another code.")
        login.wait_for(f"{alice.masked}: ")
        login.answer_unseen(alice.wrong_code(), "a wrong code")
        login.wait_for("Wrong code, 2 tries left. Code (r: new one): ")
        login.answer_unseen(alice.code(), "the code")
        assert login.end() == 0
    compare("ssh-help", login)


def test_a_key_then_the_code(machine: Machine, alice: Account) -> None:
    policy = block("ssh", "toml", 0)
    with (
        accounts.settings(machine, policy),
        sshd(machine, block("ssh", "sshd_config", 1)),
        key_of_bob(machine),
        enabled(machine, "ssh", "smsotpctl service enable sshd"),
    ):
        with Recording(machine, LOG_IN, user="bob") as login:
            login.wait_for(f"Type r for a code to {alice.masked}: ")
            login.answer_unseen("r", "r")
            code(login, alice)
            assert login.end() == 0
        with Recording(machine, LOG_IN, user="alice") as without_a_key:
            assert without_a_key.end() == 255
            assert "code" not in without_a_key.seen
    compare("ssh-key-code", login)


def test_the_password_then_the_code(machine: Machine, alice: Account) -> None:
    with (
        sshd(machine, block("ssh", "sshd_config", 0)),
        enabled(machine, "ssh", "smsotpctl service enable sshd --stack after"),
        Recording(machine, LOG_IN, user="bob") as login,
    ):
        login.wait_for("Password: ")
        login.answer_unseen(PASSWORD, "the password")
        login.wait_for(f"Type r for a code to {alice.masked}: ")
        login.answer_unseen("r", "r")
        code(login, alice)
        assert login.end() == 0
    compare("ssh-password-code", login)


def test_who_is_matched_needs_the_key_alone(machine: Machine, alice: Account) -> None:
    machine.run(["groupadd", "--force", "automation"])
    with (
        sshd(machine, block("ssh", "sshd_config", 0)),
        sshd(machine, block("ssh", "sshd_config", 2), MATCHES),
        key_of_bob(machine),
        enabled(machine, "ssh", "smsotpctl service enable sshd"),
    ):
        with Recording(machine, LOG_IN, user="bob") as asked:
            pin_and_code(asked, alice)
            assert asked.end() == 0
        machine.run(["gpasswd", "--add", "alice", "automation"])
        try:
            with Recording(machine, LOG_IN, user="bob") as matched:
                assert matched.end() == 0
            assert "PIN" not in matched.seen
        finally:
            machine.run(["gpasswd", "--delete", "alice", "automation"])
        root = machine.run(["sshd", "-T", "-C", "user=root,host=localhost,addr=192.0.2.1"]).stdout
        assert "authenticationmethods publickey\n" in root


def test_a_key_counts_from_its_addresses_only(machine: Machine, alice: Account) -> None:
    del alice
    from_page = 'from="192.0.2.0/24",restrict'
    assert from_page in page("automation").read_text()
    with sshd(machine, block("automation", "sshd_config", 0), MATCHES):
        for options, is_let_in in ((from_page, False), ('from="127.0.0.1,::1",restrict', True)):
            with (
                key_of_bob(machine, options),
                Recording(machine, f"ssh -oBatchMode=yes {LOG_IN[4:]}", user="bob") as login,
            ):
                assert (login.end() == 0) is is_let_in


def test_a_program_that_cannot_ask_fails_at_once(machine: Machine, alice: Account) -> None:
    with (
        sshd(machine, block("ssh", "sshd_config", 0)),
        enabled(machine, "ssh", "smsotpctl service enable sshd"),
        Recording(machine, f"ssh -o BatchMode=yes {LOG_IN[4:]}", user="bob") as login,
    ):
        sent = len(alice.messages())
        assert login.end() == 255
        assert len(alice.messages()) == sent
    compare("ssh-batch", login)


def ansible(setting: str) -> list[str]:
    """Return a call of ssh as ansible-core 2.19 was seen to make it where it has no password.

    Args:
        setting: its ssh_args.
    """
    silent = [
        "KbdInteractiveAuthentication=no",
        "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey",
        "PasswordAuthentication=no",
        "NumberOfPasswordPrompts=1",
    ]
    options = [word for option in silent for word in ("-o", option)]
    return ["ssh", *setting.split(), *options, "alice@localhost", "cat notes.txt"]


def test_one_login_serves_many_connections(machine: Machine, alice: Account) -> None:
    config = "/home/bob/.ssh/config"
    machine.write_text(config, block("automation", "ssh_config") + SSH_CONFIG, mode=0o600)
    machine.run(["chown", "bob:bob", config])
    machine.write_text("/home/bob/notes.txt", "notes\n")
    before = len(alice.messages())
    with (
        sshd(machine, block("ssh", "sshd_config", 0)),
        enabled(machine, "ssh", "smsotpctl service enable sshd"),
    ):
        with Recording(machine, LOG_IN, user="bob") as first:
            pin_and_code(first, alice)
            assert first.end() == 0
        with Recording(
            machine, "scp -q /home/bob/notes.txt alice@localhost:", user="bob"
        ) as second:
            assert second.end() == 0
        with Recording(machine, "ssh alice@localhost cat notes.txt", user="bob") as third:
            assert third.end() == 0
        setting = block("automation", "ini").partition("ssh_args = ")[2]
        assert machine.run(ansible(setting), user="bob").stdout == "notes\n"
        elsewhere = ansible("-o ControlPath=/home/bob/elsewhere")
        assert machine.run(elsewhere, user="bob", check=False).returncode == 255
        with Recording(machine, "ssh -O exit alice@localhost", user="bob") as last:
            assert last.end() == 0
    assert len(alice.messages()) == before + 1
    compare("ssh-master", first, second, third, last)
    machine.write_text(config, SSH_CONFIG, mode=0o600)
    machine.run(["chown", "bob:bob", config])


def test_sudo_asks_for_pin_and_code(machine: Machine, alice: Account) -> None:
    with (
        enabled(machine, "sudo", "smsotpctl service enable sudo"),
        Recording(machine, "sudo id -un", user="alice") as login,
    ):
        pin_and_code(login, alice)
        assert login.end() == 0
    compare("sudo", login)


def test_sudo_i_is_a_service_of_its_own(machine: Machine, alice: Account) -> None:
    with enabled(machine, "sudo", "smsotpctl service enable sudo"):
        with Recording(machine, "sudo -K", user="alice") as forgetting:
            assert forgetting.end() == 0
        with Recording(machine, "sudo -i id -un", user="alice") as past_us:
            past_us.wait_for("password for alice: ")
        written = pages.as_written("smsotpctl service enable sudo-i", page("sudo"))
        machine.run(["sh", "-c", f"{written} --confirm"])
        with Recording(machine, "sudo -i id -un", user="alice") as login:
            pin_and_code(login, alice)
            assert login.end() == 0


def test_su_asks_for_pin_and_code_of_the_other(machine: Machine, alice: Account) -> None:
    with (
        enabled(machine, "console-and-su", "smsotpctl service enable su"),
        Recording(machine, "su --command 'id -un' alice", user="bob") as login,
    ):
        pin_and_code(login, alice)
        assert login.end() == 0
    compare("su", login)


def test_the_console_asks_for_pin_and_code(machine: Machine, alice: Account) -> None:
    machine.write_text("/home/alice/.hushlogin", "")
    written = pages.as_written("smsotpctl service enable login", page("console-and-su"))
    refused = machine.run(["sh", "-c", f"{written} --confirm"], check=False)
    assert "i3lock" in refused.stderr
    machine.run(["sh", "-c", f"{written} --confirm --force-unknown"])
    try:
        with Recording(machine, "login") as login:
            login.wait_for("login: ")
            login.answer("alice")
            pin_and_code(login, alice)
            login.wait_for("$ ")
            login.answer("exit")
            assert login.end() == 0
    finally:
        machine.run(["smsotpctl", "service", "disable", "--all", "--quiet"])
    compare("console", login)


def test_one_field_takes_two_attempts(machine: Machine, alice: Account) -> None:
    trial = "smsotpctl service test vsftpd alice"
    with enabled(machine, "ftp-and-mail", "smsotpctl service enable vsftpd"):
        with Recording(machine, trial) as first:
            first.wait_for("PIN, or PIN and code: ")
            first.answer_unseen(PIN, "the PIN")
            assert first.end() == 1
        with Recording(machine, trial) as second:
            second.wait_for("PIN, or PIN and code: ")
            second.answer_unseen(PIN + alice.code(), "PIN and code")
            assert second.end() == 0
    compare("two-attempts", first, second)


def test_what_the_pages_give_sshd_is_understood_by_it(machine: Machine) -> None:
    found = [text for path in HOSTS.glob("*.md") for text in pages.blocks(path, "sshd_config")]
    assert len(found) >= 4
    for text in found:
        machine.write_text("/root/sshd_config", f"UsePAM yes\n{text}")
        machine.run(["sshd", "-t", "-f", "/root/sshd_config"])


def test_the_directory_of_drop_ins_is_as_it_was(machine: Machine) -> None:
    assert machine.run(["ls", DROP_INS]).stdout.split() == ["README", "tests.toml"]
