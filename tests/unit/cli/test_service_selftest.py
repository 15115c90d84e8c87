# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What `smsotpctl service enable` looks at before it leaps."""

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from smsotpd.cli.pam.block import State
from smsotpd.cli.pam.terminal import Terminal
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import SUDO_V, FakeHost, install_native, state_of


@pytest.mark.parametrize("service", ["i3lock", "sddm", "vsftpd"])
def test_one_password_field_takes_no_code_after_the_password(service: str, ready: Shell) -> None:
    result = ready.run("service", "enable", service, "--stack", "after", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "one password field" in result.output


@pytest.mark.parametrize(
    "service", ["other", "cron", "passwd", "runuser", "atd", "lightdm-greeter",
                "lightdm-autologin"]
)  # fmt: skip
@pytest.mark.parametrize("terminal", Terminal)
def test_unsafe_places_are_refused_whatever_is_forced(
    service: str, terminal: Terminal, ready: Shell, host: FakeHost
) -> None:
    install_native(host)
    forced = ("--confirm", "--force", "--force-unknown", "--terminal", terminal)

    result = ready.run("service", "enable", service, *forced)

    assert result.exit_code == Exit.REFUSED
    assert f"{service} must not run our module" in result.output


def test_an_unknown_service_needs_to_be_forced(ready: Shell, host: FakeHost) -> None:
    assert ready.run("service", "enable", "cockpit", "--confirm").exit_code == Exit.REFUSED
    forced = ready.run("service", "enable", "cockpit", "--confirm", "--force-unknown")
    assert forced.exit_code == Exit.DONE
    assert state_of(host, "cockpit") is State.INSTEAD


def test_a_file_that_an_unsafe_service_includes_is_refused(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "su").write_text("auth include login\n")

    result = ready.run("service", "enable", "login", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "su includes login" in result.output


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("sudo -V", Finished(0, "Sudo version 1.9\n")),
        ("sudo -V", Finished(1, "")),
        ("cvtsudoers", Finished(1, "")),
        (
            "cvtsudoers",
            Finished(0, '{"Defaults": [{"Binding": [{"username": "me"}],'
                        ' "Options": [{"secure_path": false}]}]}'),
        ),
        ("sudo -V", Finished(0, SUDO_V + "Users in this group are exempt from password and PATH "
                                         "requirements: admin\n")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("service", ["sudo", "sudo-i"])
def test_sudo_without_secure_path_for_everybody_is_refused(
    service: str, program: str, answer: Finished, ready: Shell, host: FakeHost
) -> None:
    host.answers[program] = answer

    result = ready.run("service", "enable", service, "--confirm", "--force", "--force-unknown")

    assert result.exit_code == Exit.REFUSED
    assert "sudo" in result.output
    assert state_of(host, service) is State.OFF


@pytest.mark.parametrize("missing", ["usepam", "kbdinteractiveauthentication"])
def test_an_sshd_that_would_not_show_our_prompts_is_refused_with_the_lines_to_write(
    missing: str, ready: Shell, host: FakeHost
) -> None:
    settings = {"usepam": "yes", "kbdinteractiveauthentication": "yes"} | {missing: "no"}
    text = "".join(f"{key} {value}\n" for key, value in settings.items())
    host.answers["sshd -T"] = Finished(0, text)

    result = ready.run("service", "enable", "sshd", "--confirm", "--force")

    assert result.exit_code == Exit.REFUSED
    assert "/etc/ssh/sshd_config.d/10-pam-smsotp.conf" in result.output
    assert f"{missing} yes" in result.output.lower()


def test_an_sshd_that_offers_passwords_too_is_enabled_with_advice(
    ready: Shell, host: FakeHost
) -> None:
    host.answers["sshd -T"] = Finished(
        0, "usepam yes\nkbdinteractiveauthentication yes\npasswordauthentication yes\n"
    )

    result = ready.run("service", "enable", "sshd", "--confirm")

    assert result.exit_code == Exit.DONE
    assert "PasswordAuthentication no" in result.output


def test_a_machine_on_which_nobody_could_log_in_is_refused_unless_forced(
    ready: Shell, daemon: FakeDaemon, host: FakeHost
) -> None:
    daemon.gateways.clear()
    daemon.users["anna"]["has_pin"] = False

    refused = ready.run("service", "enable", "sudo", "--confirm")

    assert refused.exit_code == Exit.REFUSED
    assert "no gateway is enabled" in refused.output
    assert "nobody is enrolled with a PIN" in refused.output
    assert state_of(host, "sudo") is State.OFF
    assert ready.run("service", "enable", "sudo", "--confirm", "--force").exit_code == Exit.DONE


def test_a_silent_daemon_refuses_unless_forced(ready: Shell, daemon: FakeDaemon) -> None:
    daemon.failure = CliError("smsotpd does not run", exit_code=Exit.UNAVAILABLE)

    refused = ready.run("service", "enable", "sudo", "--confirm")

    assert refused.exit_code == Exit.REFUSED
    assert "smsotpd does not run" in refused.output
    assert ready.run("service", "enable", "sudo", "--confirm", "--force").exit_code == Exit.DONE


@pytest.mark.parametrize(
    "harm", ["no module", "no entry", "entry of others", "directory of others"]
)
def test_what_the_stack_would_name_must_be_there_and_roots_whatever_is_forced(
    harm: str, ready: Shell, host: FakeHost
) -> None:
    match harm:
        case "no module":
            (host.places.libraries[0] / "security" / "pam_python.so").unlink()
        case "no entry":
            host.places.entry.unlink()
        case "entry of others":
            host.places.entry.chmod(0o666)
        case _:
            host.places.entry.parent.chmod(0o777)

    result = ready.run("service", "enable", "sudo", "--confirm", "--force")

    assert result.exit_code == Exit.REFUSED
    assert state_of(host, "sudo") is State.OFF


def test_a_set_user_id_locker_is_refused(ready: Shell, host: FakeHost) -> None:
    program = host.places.root / "usr" / "bin" / "i3lock"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o4755)

    result = ready.run("service", "enable", "i3lock", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "set-user-ID" in result.output
