# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The machines that every other system test stands on do what a Debian does."""

import pytest

from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin, configure_sshd
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

RELEASES = {"bookworm": "12", "trixie": "13"}


def test_the_machine_is_the_debian_that_was_asked_for(bare: Machine) -> None:
    assert f'VERSION_ID="{RELEASES[bare.suite]}"' in bare.read_text("/etc/os-release")


def test_every_unit_starts(bare: Machine) -> None:
    failed = bare.run(["systemctl", "list-units", "--failed", "--no-legend", "--plain"])
    assert failed.stdout == ""


def test_there_is_no_network_but_the_loopback(bare: Machine) -> None:
    links = bare.run(["ip", "-brief", "link"]).stdout.splitlines()
    assert [link.split()[0] for link in links] == ["lo"]


def test_the_system_bus_starts_services_when_they_are_called(bare: Machine) -> None:
    polkit = ["org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority"]
    interface = "org.freedesktop.PolicyKit1.Authority"
    answer = bare.run(["busctl", "get-property", *polkit, interface, "BackendName"])
    assert answer.stdout.startswith("s ")


def test_the_journal_is_read_back_from_a_mark(bare: Machine) -> None:
    bare.run(["logger", "--tag=before", "not this"])
    wait_until(lambda: bare.journal(SYSLOG_IDENTIFIER="before"), 5, "the first line is written")
    mark = bare.journal_mark()
    bare.run(["logger", "--tag=after", "this"])
    wait_until(lambda: bare.journal(SYSLOG_IDENTIFIER="after"), 5, "the second line is written")
    assert bare.journal(after=mark, SYSLOG_IDENTIFIER="before") == []
    [entry] = bare.journal(after=mark, SYSLOG_IDENTIFIER="after")
    assert entry["MESSAGE"] == "this"


def test_pam_python_is_there_and_loads(bare: Machine) -> None:
    bare.write_text("/root/admit.py", "def pam_sm_authenticate(pamh, flags, argv):\n    return 0\n")
    bare.write_text("/etc/pam.d/host-test", "auth required pam_python.so /root/admit.py\n")
    asked = bare.run(["pamtester", "host-test", "root", "authenticate"])
    assert "successfully authenticated" in asked.stdout


def test_a_user_logs_in_by_ssh_and_becomes_root_by_sudo(bare: Machine) -> None:
    bare.add_user("alice", "correct horse")
    configure_sshd(bare, {"KbdInteractiveAuthentication": "yes"})
    with SshLogin(bare, "alice") as login:
        login.expect_prompt("Password: ")
        login.answer("correct horse")
        assert login.result().granted
    terminal = bare.spawn(["sudo", "id", "-un"], user="alice")
    terminal.expect_exact("password for alice: ")
    terminal.sendline("correct horse")
    terminal.expect_exact("root\r\n")
    terminal.close()


def test_a_wrong_password_is_not_let_in(bare: Machine) -> None:
    bare.add_user("bob", "correct horse")
    configure_sshd(bare, {"KbdInteractiveAuthentication": "yes"})
    with SshLogin(bare, "bob", options=["NumberOfPasswordPrompts=1"]) as login:
        login.expect_prompt("Password: ")
        login.answer("wrong horse")
        result = login.result()
    assert not result.granted
    assert result.status == 255


def test_a_terminal_inside_has_a_name_inside(bare: Machine) -> None:
    terminal = bare.spawn(["tty"])
    terminal.expect_exact("/dev/pts/")
    terminal.close()


def test_two_machines_run_at_once_and_share_nothing(bare: Machine) -> None:
    with Machine(bare.suite, host="other") as other:
        other.write_text("/root/mark", "written there")
        assert other.run(["hostname"]).stdout == "other\n"
        assert other.run(["systemctl", "is-active", "ssh"]).stdout == "active\n"
        assert bare.run(["test", "-e", "/root/mark"], check=False).returncode == 1
    assert bare.run(["systemctl", "is-active", "ssh"]).stdout == "active\n"
