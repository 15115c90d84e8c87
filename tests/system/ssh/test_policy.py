# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Who is asked for less when logging in by ssh, and that less is never nothing."""

import json
from typing import Final

import pytest

from smsotpd.core.events import CodeSkipped
from tests.system import accounts
from tests.system.accounts import PASSWORD, PIN, Account
from tests.system.ssh.server import ONE_TRY
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin, SshResult

OFFICE: Final = "127.0.0.2"
HOME: Final = "127.0.0.1"


def policy(text: str) -> str:
    return f"[policy.sshd]\n{text}\n"


def ssh(account: Account, address: str = HOME) -> SshLogin:
    """Connect from one of the addresses that the machine itself has."""
    options = ("AddressFamily=inet", f"BindAddress={address}", *ONE_TRY)
    return SshLogin(account.machine, account.name, options=options)


def by_pin_alone(account: Account, address: str) -> SshResult:
    with ssh(account, address) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        return login.result()


def by_password(account: Account, password: str, address: str = HOME) -> SshResult:
    """Log in where nothing of ours is asked first."""
    with ssh(account, address) as login:
        shown = login.expect_prompt("Password: ")
        assert "PIN" not in shown
        login.answer(password)
        return login.result()


def by_code(account: Account, address: str) -> None:
    with ssh(account, address) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {account.masked}: ")
        login.answer(account.code())
        assert login.result().granted


def rules(account: Account) -> list[object]:
    return [entry["SMSOTP_RULE"] for entry in account.journal(CodeSkipped)]


def test_from_a_trusted_network_the_pin_is_enough(server: Machine, alice: Account) -> None:
    with accounts.settings(server, policy(f'trusted_networks = ["{OFFICE}"]')):
        assert by_pin_alone(alice, OFFICE).granted
        assert alice.messages() == []
        by_code(alice, HOME)
        with ssh(alice, OFFICE) as login:
            login.expect_prompt("PIN: ")
            login.answer("wrong+7391")
            assert not login.result().granted
    assert rules(alice) == ["trusted_networks"]
    (entry,) = alice.journal(CodeSkipped)
    assert entry["SMSOTP_REASON"] == f"{OFFICE} is in {OFFICE}/32"
    assert entry["SMSOTP_RHOST"] == OFFICE


def test_a_host_is_remembered_until_it_is_forgotten(server: Machine, alice: Account) -> None:
    with accounts.settings(server, policy("remember_hours = 1")):
        by_code(alice, HOME)
        assert by_pin_alone(alice, HOME).granted
        server.run(["systemctl", "restart", "smsotpd"])
        assert by_pin_alone(alice, HOME).granted
        by_code(alice, OFFICE)
        done = server.run(["smsotpctl", "user", "forget-hosts", alice.name, "--json"])
        assert json.loads(done.stdout) == {"hosts": 2}
        by_code(alice, HOME)
    assert rules(alice) == ["remember_hours", "remember_hours"]


def test_an_exempt_group_logs_in_by_password(server: Machine, stranger: Account) -> None:
    with accounts.settings(server, policy(f'exempt_groups = ["{stranger.name}"]')):
        assert by_password(stranger, PASSWORD).granted
        assert not by_password(stranger, "wrong").granted
    assert rules(stranger) == ["exempt_groups", "exempt_groups"]


def test_a_required_group_is_asked_for_everything(server: Machine, alice: Account) -> None:
    words = f'exempt_groups = ["{alice.name}"]\nrequired_groups = ["{alice.name}"]'
    with accounts.settings(server, policy(f'{words}\ntrusted_networks = ["{OFFICE}"]')):
        by_code(alice, OFFICE)
    assert rules(alice) == []


@pytest.mark.parametrize("where", ['trusted_networks = ["127.0.0.0/8"]', "remember_hours = 1"])
def test_a_stack_that_asks_for_the_code_alone_lets_nobody_in_without_a_factor(
    server: Machine, alice: Account, where: str
) -> None:
    """The stack has our module in place of the password, and the policy is wrong for that."""
    with accounts.settings(server, policy(f'factors = ["code"]\n{where}')):
        if where.startswith("remember"):
            with ssh(alice) as login:
                login.expect_prompt(f"Type r for a code to {alice.masked}: ")
                login.answer("r")
                login.expect_prompt(f"Code sent to {alice.masked}: ")
                login.answer(alice.code())
                assert login.result().granted
        assert not by_password(alice, "wrong").granted
        assert by_password(alice, PASSWORD).granted


def test_during_a_roll_out_a_user_is_told_and_then_denied(
    server: Machine, stranger: Account
) -> None:
    allowed = policy('unenrolled = "allow-until 2999-12-31"')
    with accounts.settings(server, allowed), ssh(stranger) as login:
        shown = login.expect_prompt("Password: ")
        assert "You need a code here after 2999-12-31; enrol: smsotpctl self enrol" in shown
        login.answer(PASSWORD)
        assert login.result().granted
    with accounts.settings(server, policy('unenrolled = "allow-until 2020-01-01"')):
        assert not by_pin_alone(stranger, HOME).granted
    assert rules(stranger) == ["unenrolled"]


def test_what_would_happen_is_explained_with_the_line_that_decides(
    server: Machine, alice: Account
) -> None:
    with accounts.settings(server, policy(f'trusted_networks = ["{OFFICE}"]')):
        words = ["smsotpctl", "policy", "explain", alice.name, "sshd", OFFICE]
        lines = server.run(words).stdout.splitlines()
    assert lines[1].split()[0] == "trusted_networks"
    assert lines[1].endswith("/etc/smsotp/smsotpd.d/this-test.toml:2")
    assert "The last line decides: the PIN alone is asked for." in lines
    assert lines[-1] == "The user has: sent."


def test_a_file_is_checked_before_it_is_put_in(server: Machine) -> None:
    server.write_text("/tmp/wrong.toml", policy('trusted_networks = ["office.example.org"]'))
    done = server.run(["smsotpctl", "policy", "check", "/tmp/wrong.toml"], check=False)
    assert done.returncode == 1
    assert "/tmp/wrong.toml:2: policy.sshd.trusted_networks: must hold addresses" in done.stderr
    assert server.run(["smsotpctl", "policy", "check"]).stdout == "nothing wrong\n"
