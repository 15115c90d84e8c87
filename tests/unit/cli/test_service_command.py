# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl service`, on a machine laid out in a temporary directory."""

import json
import os
import tomllib

import pytest

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from smsotpd.cli.pam.block import State
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, state_of, text_of
from tests.unit.cli.pam_vectors import read

ARMED = {"systemctl is-active": Finished(0, "")}


def test_a_service_is_enabled_and_restored_byte_by_byte(ready: Shell, host: FakeHost) -> None:
    enabled = ready.run("service", "enable", "sudo", "--confirm")

    assert enabled.exit_code == Exit.DONE, enabled.output
    assert state_of(host, "sudo") is State.INSTEAD
    assert ready.run("service", "disable", "sudo").exit_code == Exit.DONE
    assert text_of(host, "sudo") == read("debian12", "sudo")


def test_the_old_file_is_kept_with_its_mode(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "sudo").chmod(0o600)

    ready.run("service", "enable", "sudo", "--confirm")

    (backup,) = host.places.backups.iterdir()
    assert backup.read_text() == read("debian12", "sudo")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert (host.places.pam / "sudo").stat().st_mode & 0o777 == 0o600
    assert host.places.backups.stat().st_mode & 0o077 == 0


def test_a_roll_back_is_armed_before_the_file_changes(ready: Shell, host: FakeHost) -> None:
    result = ready.run("service", "enable", "sudo", "--rollback", "60")

    (armed,) = [command for command in host.ran if command[0] == "systemd-run"]
    assert "--on-active=60s" in armed
    assert armed[-3:] == ("service", "disable", "sudo")
    assert "service confirm sudo" in result.output
    assert state_of(host, "sudo") is State.INSTEAD


def test_a_change_that_could_not_undo_itself_is_not_made(ready: Shell, host: FakeHost) -> None:
    host.answers["systemd-run"] = Finished(1, "", "no bus")

    result = ready.run("service", "enable", "sudo")

    assert result.exit_code == Exit.FAILED
    assert state_of(host, "sudo") is State.OFF


@pytest.mark.usefixtures("ready")
def test_without_systemd_a_change_must_be_meant_for_good(
    daemon: FakeDaemon, host: FakeHost
) -> None:
    without = Shell(daemon, FakeHost(host.places, host.answers, systemd=False))

    refused = without.run("service", "enable", "sudo")

    assert refused.exit_code == Exit.REFUSED
    assert "--confirm" in refused.output
    assert state_of(host, "sudo") is State.OFF
    assert without.run("service", "enable", "sudo", "--confirm").exit_code == Exit.DONE


def test_confirming_stops_the_roll_back(ready: Shell, host: FakeHost) -> None:
    ready.run("service", "enable", "sudo")

    assert ready.run("service", "confirm", "sudo").exit_code == Exit.DONE
    assert host.ran_program("systemctl", "stop", "pam-smsotp-rollback-sudo.timer")
    assert state_of(host, "sudo") is State.INSTEAD


def test_confirming_what_was_rolled_back_says_so(ready: Shell) -> None:
    result = ready.run("service", "confirm", "sudo")

    assert result.exit_code == Exit.FAILED
    assert "rolled back" in result.output


def test_an_unconfirmed_service_is_listed_as_such(ready: Shell, host: FakeHost) -> None:
    ready.run("service", "enable", "sudo")
    host.answers.update(ARMED)

    assert "instead, unconfirmed" in ready.run("service", "list", "sudo").output


def test_a_code_after_the_password_needs_a_policy_without_pin(ready: Shell, host: FakeHost) -> None:
    result = ready.run("service", "enable", "gdm-password", "--stack", "after", "--confirm")

    path = host.places.policies / "service-gdm-password.toml"
    assert result.exit_code == Exit.DONE, result.output
    assert tomllib.loads(path.read_text()) == {"policy": {"gdm-password": {"factors": ["code"]}}}
    assert path.stat().st_mode & 0o777 == 0o644
    assert host.ran_program("systemctl", "try-reload-or-restart", "smsotpd.service")
    assert state_of(host, "gdm-password") is State.AFTER


def test_the_policy_goes_when_the_service_is_disabled(ready: Shell, host: FakeHost) -> None:
    ready.run("service", "enable", "sshd", "--stack", "after", "--confirm")

    ready.run("service", "disable", "sshd")

    assert list(host.places.policies.iterdir()) == []
    assert text_of(host, "sshd") == read("debian12", "sshd")


def test_a_policy_that_is_left_over_goes_before_a_stack_that_relies_on_the_pin(
    ready: Shell, host: FakeHost
) -> None:
    host.places.policies.mkdir()
    leftover = host.places.policies / "service-sshd.toml"
    leftover.write_text('[policy.sshd]\nfactors = ["code"]\n')

    ready.run("service", "enable", "sshd", "--confirm")

    assert not leftover.exists()


def test_a_policy_that_the_daemon_would_not_forget_keeps_the_service_off(
    ready: Shell, host: FakeHost
) -> None:
    host.places.policies.mkdir()
    (host.places.policies / "service-sshd.toml").write_text("")
    host.answers["smsotpd --check"] = Finished(78, "", "smsotpd.toml:3: daemon.x: is no key")

    result = ready.run("service", "enable", "sshd", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "smsotpd.toml:3" in result.output
    assert state_of(host, "sshd") is State.OFF


@pytest.mark.parametrize("program", ["systemctl try-reload-or-restart", "smsotpd --check"])
def test_a_policy_that_the_daemon_does_not_take_undoes_everything(
    program: str, ready: Shell, host: FakeHost
) -> None:
    host.answers[program] = Finished(1, "", "config error")

    result = ready.run("service", "enable", "sshd", "--stack", "after")

    assert result.exit_code == Exit.FAILED
    assert state_of(host, "sshd") is State.OFF
    assert list(host.places.policies.iterdir()) == []
    assert host.ran_program("systemctl", "stop", "pam-smsotp-rollback-sshd.timer")


def test_services_that_include_an_enabled_one_are_named(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "greetd").unlink()

    result = ready.run("service", "enable", "login", "--confirm")

    assert "i3lock, swaylock" in result.output
    assert "asks through login" in ready.run("service", "list", "i3lock").output


@pytest.mark.parametrize("name", ["../shadow", "", "a/b", "-x", ".hidden", "a\nb", "x" * 65])
@pytest.mark.parametrize("verb", ["enable", "disable", "confirm", "list"])
def test_a_name_that_is_no_file_in_the_directory_is_refused(
    verb: str, name: str, ready: Shell
) -> None:
    assert ready.run("service", verb, "--", name).exit_code == Exit.USAGE


def test_a_missing_service_is_not_found(ready: Shell, host: FakeHost) -> None:
    assert ready.run("service", "enable", "xsecurelock").exit_code == Exit.NOT_FOUND
    assert ready.run("service", "disable", "xsecurelock").exit_code == Exit.NOT_FOUND
    host.places.vendor_pam.mkdir()
    (host.places.vendor_pam / "xsecurelock").write_text("@include common-auth\n")
    assert "cp " in ready.run("service", "enable", "xsecurelock").output


def test_a_symbolic_link_is_refused(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "sudo").unlink()
    (host.places.pam / "sudo").symlink_to("su")

    result = ready.run("service", "enable", "sudo", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "symbolic link" in result.output


def test_a_file_that_others_may_write_is_refused(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "sudo").chmod(0o666)

    result = ready.run("service", "enable", "sudo", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert state_of(host, "sudo") is State.OFF
    assert not list(host.places.pam.glob(".*"))


def test_a_file_system_that_takes_nothing_is_named_without_a_traceback(
    ready: Shell, host: FakeHost
) -> None:
    host.places.backups.write_text("in the way")

    result = ready.run("service", "enable", "sudo", "--confirm")

    assert result.exit_code == Exit.FAILED
    assert str(host.places.backups) in result.output
    assert state_of(host, "sudo") is State.OFF


def test_only_root_changes_services(daemon: FakeDaemon, host: FakeHost) -> None:
    user = Shell(daemon, FakeHost(host.places, host.answers, root=False))

    for verb in ("enable", "disable", "confirm"):
        assert user.run("service", verb, "sudo").exit_code == Exit.NOT_AUTHORIZED
    assert user.run("service", "list").exit_code == Exit.DONE


def test_enabling_twice_is_no_error_but_another_stack_is(ready: Shell) -> None:
    ready.run("service", "enable", "sudo", "--confirm")

    assert "already" in ready.run("service", "enable", "sudo", "--confirm").output
    other = ready.run("service", "enable", "sudo", "--stack", "after", "--confirm")
    assert other.exit_code == Exit.REFUSED
    assert "disable sudo" in other.output


def test_disabling_twice_is_no_error_and_needs_no_daemon(ready: Shell, daemon: FakeDaemon) -> None:
    ready.run("service", "enable", "sudo", "--confirm")
    daemon.failure = CliError("down")

    assert ready.run("service", "disable", "sudo").exit_code == Exit.DONE
    again = ready.run("service", "disable", "sudo")
    assert (again.exit_code, again.output) == (Exit.DONE, "sudo was not enabled.\n")


def test_disabling_all_restores_every_service_and_says_nothing_if_told_so(
    ready: Shell, host: FakeHost
) -> None:
    for service, stack in (("sudo", "instead"), ("sshd", "after"), ("lightdm", "instead")):
        ready.run("service", "enable", service, "--stack", stack, "--confirm")

    result = ready.run("service", "disable", "--all", "--quiet")

    assert (result.exit_code, result.output) == (Exit.DONE, "")
    for service in ("sudo", "sshd", "lightdm"):
        assert text_of(host, service) == read("debian12", service)
    assert list(host.places.policies.iterdir()) == []


def test_disabling_all_restores_what_it_can_and_names_what_it_cannot(
    ready: Shell, host: FakeHost
) -> None:
    ready.run("service", "enable", "sudo", "--confirm")
    ready.run("service", "enable", "login", "--confirm", "--force-unknown")
    login = host.places.pam / "login"
    login.write_text(login.read_text().replace("# END pam-smsotp\n", ""))

    result = ready.run("service", "disable", "--all", "--quiet")

    assert result.exit_code == Exit.REFUSED
    assert "/etc/pam.d/login" in result.output
    assert state_of(host, "sudo") is State.OFF


def test_a_policy_without_its_service_goes_with_all(ready: Shell, host: FakeHost) -> None:
    host.places.policies.mkdir()
    (host.places.policies / "service-gone.toml").write_text("")

    assert ready.run("service", "disable", "--all").exit_code == Exit.DONE
    assert list(host.places.policies.iterdir()) == []


def test_disabling_needs_a_service_or_all(ready: Shell) -> None:
    assert ready.run("service", "disable").exit_code == Exit.USAGE
    assert ready.run("service", "disable", "sudo", "--all").exit_code == Exit.USAGE


def test_the_list_tells_states_and_notes(ready: Shell, host: FakeHost) -> None:
    ready.run("service", "enable", "sshd", "--confirm")
    (host.places.pam / "lightdm").write_text("auth required pam_python.so x/pam_smsotp.py\n")
    common = host.places.pam / "common-auth"
    common.write_text(common.read_text().replace("pam_cap.so", "pam_group.so"))

    found = {
        entry["service"]: entry
        for entry in json.loads(ready.run("service", "list", "--json").output)
    }

    assert found["sshd"]["state"] == "instead"
    assert "changed since" in found["sshd"]["notes"][0]
    assert found["lightdm"]["state"] == "by hand"
    assert found["sudo"]["state"] == "off"
    assert "xsecurelock" not in found
    assert "not installed" in ready.run("service", "list", "xsecurelock").output


def test_a_person_confirms_in_the_same_terminal(
    ready: Shell, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.interactive = True
    for answer, expected, code in (
        (b"yes\n", State.INSTEAD, Exit.DONE),
        (b"n\n", State.OFF, Exit.ABORTED),
        (b"", State.OFF, Exit.ABORTED),
    ):
        ready.run("service", "disable", "sudo")
        reading, writing = os.pipe()
        os.write(writing, answer)
        os.close(writing)
        with os.fdopen(reading) as terminal:
            monkeypatch.setattr("smsotpd.cli.service._typed", lambda file=terminal: file)
            result = ready.run("service", "enable", "sudo")
        assert (result.exit_code, state_of(host, "sudo")) == (code, expected), result.output
