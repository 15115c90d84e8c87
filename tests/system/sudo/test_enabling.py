# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where `smsotpctl service enable` refuses: callers could choose what runs as root there."""

import pytest

from tests.system.accounts import PASSWORD, Account
from tests.system.sudo.login import SudoLogin
from tests.system.sudo.service import enable, sudo_disabled, sudoers
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

SECURE_PATH = 'secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"'


@pytest.mark.parametrize(
    ("service", "module"),
    [
        ("su", "pam_python"),
        ("su-l", "pam_python"),
        ("chsh", "pam_python"),
        ("chfn", "pam_python"),
        ("common-auth", "pam_python"),
        ("passwd", "our module"),
        ("other", "our module"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--force", "--force-unknown")], ids=["", "forced"])
def test_a_place_that_is_unsafe_is_refused_for_good(
    sudo_machine: Machine, service: str, module: str, options: tuple[str, ...]
) -> None:
    digests = ["sh", "-c", "sha256sum /etc/pam.d/*"]
    before = sudo_machine.run(digests).stdout
    refused = enable(sudo_machine, service, "--terminal", "python", *options, check=False)
    assert refused.returncode != 0
    assert f"{service} must not run {module}" in refused.stderr
    assert sudo_machine.run(digests).stdout == before


@pytest.mark.parametrize(
    ("secure_path", "complaint"),
    [
        ("", "secure_path is not set"),
        (f"Defaults:nobody !secure_path\nDefaults {SECURE_PATH}", "changes secure_path"),
        (f"Defaults {SECURE_PATH}\nDefaults!/usr/bin/id !secure_path", "changes secure_path"),
        (f"Defaults {SECURE_PATH}\nDefaults exempt_group=users", "exempt_group"),
        ('Defaults secure_path="/usr/bin:."', "no absolute path"),
    ],
)
def test_sudo_without_a_secure_path_for_everybody_is_refused_pam_python(
    sudo_machine: Machine, secure_path: str, complaint: str
) -> None:
    rules = sudo_machine.read_text("/etc/sudoers").splitlines()
    others = [line for line in rules if "secure_path" not in line]
    with sudo_disabled(sudo_machine):
        before = sudo_machine.read_text("/etc/pam.d/sudo")
        with sudoers(sudo_machine, "\n".join([*others, secure_path, ""])):
            for service in ("sudo", "sudo-i"):
                wanted = ("--terminal", "python", "--force", "--force-unknown")
                refused = enable(sudo_machine, service, *wanted, check=False)
                assert refused.returncode != 0
                assert complaint in refused.stderr
        assert sudo_machine.read_text("/etc/pam.d/sudo") == before


def test_a_disabled_sudo_asks_for_the_password_as_before(alice: Account) -> None:
    with sudo_disabled(alice.machine), SudoLogin(alice) as login:
        login.expect(f"password for {alice.name}: ")
        login.answer(PASSWORD)
        assert login.result().granted
    assert alice.messages() == []


def test_with_stack_after_the_password_comes_first_and_the_code_alone_follows(
    alice: Account,
) -> None:
    with sudo_disabled(alice.machine) as terminal:
        enable(alice.machine, "sudo", "--stack", "after", "--terminal", terminal)
        with SudoLogin(alice) as login:
            login.expect(f"password for {alice.name}: ")
            login.answer(PASSWORD)
            login.expect(f"Type r for a code to {alice.masked}: ")
            login.answer("r")
            login.expect(f"Code sent to {alice.masked}: ")
            login.answer(alice.code())
            assert login.result().granted


def test_with_stack_after_a_wrong_password_sends_no_code(alice: Account) -> None:
    with sudo_disabled(alice.machine) as terminal:
        enable(alice.machine, "sudo", "--stack", "after", "--terminal", terminal)
        with SudoLogin(alice) as login:
            login.expect(f"password for {alice.name}: ")
            login.answer("wrong horse")
            login.expect("try again")
            login.interrupt()
            assert not login.result().granted
    assert alice.messages() == []
