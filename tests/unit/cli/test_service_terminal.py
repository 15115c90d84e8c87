# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the two terminals `smsotpctl service enable` lets a service run."""

import json

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Finished
from smsotpd.cli.pam.block import State
from smsotpd.cli.pam.terminal import Terminal, terminals_in
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_host import FakeHost, install_native, state_of, text_of
from tests.unit.cli.pam_vectors import read

INCLUDES = "@include common-auth\n@include common-account\n"
NATIVE_ONLY = ("su", "chfn", "chsh", "vlock", "physlock", "polkit-1", "jupyterhub")
NO_SECURE_PATH = Finished(0, "Sudo version 1.9\n")


def service_file(host: FakeHost, service: str) -> str:
    """Return the text of a service file, written as packages do where there is no vector."""
    path = host.places.pam / service
    if not path.exists():
        path.write_text(INCLUDES)
        path.chmod(0o644)
    return path.read_text()


@pytest.mark.parametrize("service", ["sshd", "sudo", "login", "lightdm", "vsftpd"])
def test_pam_python_stays_the_choice_where_it_is_safe(
    service: str, ready: Shell, host: FakeHost
) -> None:
    install_native(host)

    # Others include login here, which are not known.
    ready.run("service", "enable", service, "--confirm", "--force-unknown")

    assert terminals_in(text_of(host, service)) == [Terminal.PYTHON]


@pytest.mark.parametrize("service", NATIVE_ONLY)
@pytest.mark.parametrize("installed", [False, True])
def test_where_pam_python_is_unsafe_it_is_refused_with_the_reason_and_what_to_type(
    service: str, *, installed: bool, ready: Shell, host: FakeHost
) -> None:
    if installed:
        install_native(host)
    before = service_file(host, service)
    forced = ("--force", "--force-unknown", "--confirm")

    result = ready.run("service", "enable", service, "--terminal", "python", *forced)

    assert result.exit_code == Exit.REFUSED
    assert f"{service} must not run pam_python: its program is" in result.output
    assert f"smsotpctl service enable {service} --terminal native" in result.output
    assert ("apt-get install libpam-smsotp" in result.output) is not installed
    assert text_of(host, service) == before


@pytest.mark.parametrize("service", NATIVE_ONLY)
@pytest.mark.parametrize("named", [False, True])
def test_where_pam_python_is_unsafe_the_native_terminal_is_the_choice(
    service: str, *, named: bool, ready: Shell, host: FakeHost
) -> None:
    install_native(host)
    before = service_file(host, service)
    choice = ("--terminal", "native") if named else ()

    result = ready.run("service", "enable", service, "--confirm", *choice)

    assert result.exit_code == Exit.DONE, result.output
    assert terminals_in(text_of(host, service)) == [Terminal.NATIVE]
    assert "pam_python" not in text_of(host, service)
    assert ready.run("service", "disable", service).exit_code == Exit.DONE
    assert text_of(host, service) == before


def test_without_its_library_the_native_terminal_is_refused_whatever_is_forced(
    ready: Shell, host: FakeHost
) -> None:
    result = ready.run("service", "enable", "sudo", "--terminal", "native", "--confirm", "--force")

    assert result.exit_code == Exit.REFUSED
    assert "apt-get install libpam-smsotp" in result.output
    assert state_of(host, "sudo") is State.OFF


def test_a_library_that_others_may_write_is_refused(ready: Shell, host: FakeHost) -> None:
    install_native(host).chmod(0o666)

    result = ready.run("service", "enable", "sudo", "--terminal", "native", "--confirm")

    assert result.exit_code == Exit.REFUSED
    assert "can be written by others than root" in result.output
    assert state_of(host, "sudo") is State.OFF


def test_the_native_terminal_needs_no_pam_python(ready: Shell, host: FakeHost) -> None:
    install_native(host)
    (host.places.libraries[0] / "security" / "pam_python.so").unlink()

    result = ready.run("service", "enable", "sudo", "--terminal", "native", "--confirm")

    assert result.exit_code == Exit.DONE, result.output


@pytest.mark.parametrize("service", ["sudo", "sudo-i"])
def test_sudo_without_secure_path_gets_the_native_terminal_or_none(
    service: str, ready: Shell, host: FakeHost
) -> None:
    host.answers["sudo -V"] = NO_SECURE_PATH

    refused = ready.run("service", "enable", service, "--confirm")
    install_native(host)
    chosen = ready.run("service", "enable", service, "--confirm")

    assert refused.exit_code == Exit.REFUSED
    assert f"service enable {service} --terminal native" in refused.output
    assert chosen.exit_code == Exit.DONE, chosen.output
    assert terminals_in(text_of(host, service)) == [Terminal.NATIVE]


def test_a_set_user_id_locker_gets_the_native_terminal(ready: Shell, host: FakeHost) -> None:
    program = host.places.root / "usr" / "bin" / "i3lock"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o4755)
    install_native(host)

    result = ready.run("service", "enable", "i3lock", "--confirm")

    assert result.exit_code == Exit.DONE, result.output
    assert "pam_smsotp.so mode=two-attempt" in text_of(host, "i3lock")


def test_a_file_that_su_includes_gets_the_native_terminal(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "su").write_text("auth include gdm-password\n")

    refused = ready.run("service", "enable", "gdm-password", "--confirm")
    install_native(host)
    chosen = ready.run("service", "enable", "gdm-password", "--confirm")

    assert refused.exit_code == Exit.REFUSED
    assert "su includes gdm-password" in refused.output
    assert chosen.exit_code == Exit.DONE, chosen.output
    assert terminals_in(text_of(host, "gdm-password")) == [Terminal.NATIVE]


def test_an_unknown_service_that_is_forced_gets_the_terminal_that_is_safe_anywhere(
    ready: Shell, host: FakeHost
) -> None:
    install_native(host)

    assert ready.run("service", "enable", "cockpit", "--confirm").exit_code == Exit.REFUSED
    ready.run("service", "enable", "cockpit", "--confirm", "--force-unknown")

    assert terminals_in(text_of(host, "cockpit")) == [Terminal.NATIVE]


@pytest.mark.parametrize("service", ["common-auth", "common-account"])
def test_what_pam_auth_update_writes_is_left_to_it(
    service: str, ready: Shell, host: FakeHost
) -> None:
    install_native(host)
    before = text_of(host, service)
    forced = ("--confirm", "--force", "--force-unknown")

    python = ready.run("service", "enable", service, "--terminal", "python", *forced)
    native = ready.run("service", "enable", service, "--terminal", "native", *forced)
    neither = ready.run("service", "enable", service, *forced)

    assert python.exit_code == native.exit_code == neither.exit_code == Exit.REFUSED
    assert f"{service} must not run pam_python" in python.output
    assert "“Other stacks” in smsotpctl(8)" in native.output
    assert "“Other stacks” in smsotpctl(8)" in neither.output
    assert text_of(host, service) == before


def test_root_still_needs_no_password_for_su(ready: Shell, host: FakeHost) -> None:
    install_native(host)

    ready.run("service", "enable", "su", "--confirm")

    lines = text_of(host, "su").splitlines()
    [root] = [number for number, line in enumerate(lines) if line.split()[2:] == ["pam_rootok.so"]]
    [ours] = [number for number, line in enumerate(lines) if "pam_smsotp.so" in line]
    assert root < ours
    assert lines[root].split() == ["auth", "sufficient", "pam_rootok.so"]


def test_a_service_has_one_terminal_at_a_time(ready: Shell, host: FakeHost) -> None:
    install_native(host)
    ready.run("service", "enable", "sudo", "--confirm")

    same = ready.run("service", "enable", "sudo", "--terminal", "python", "--confirm")
    other = ready.run("service", "enable", "sudo", "--terminal", "native", "--confirm")

    assert same.exit_code == Exit.DONE
    assert other.exit_code == Exit.REFUSED
    assert "disable sudo" in other.output
    assert terminals_in(text_of(host, "sudo")) == [Terminal.PYTHON]


def test_the_list_names_the_terminal(ready: Shell, host: FakeHost) -> None:
    install_native(host)
    ready.run("service", "enable", "sshd", "--confirm")
    ready.run("service", "enable", "su", "--confirm")

    listed = json.loads(ready.run("service", "list", "--json").output)

    found = {entry["service"]: (entry["state"], entry["terminal"]) for entry in listed}
    assert found["sshd"] == ("instead", "python")
    assert found["su"] == ("instead", "native")
    assert found["sudo"] == ("off", "")
    assert "changed since" not in ready.run("service", "list", "su").output


def test_the_list_names_a_library_that_is_gone(ready: Shell, host: FakeHost) -> None:
    library = install_native(host)
    ready.run("service", "enable", "su", "--confirm")
    library.unlink()

    result = ready.run("service", "list", "su")

    assert "nobody can log in: pam_smsotp.so is not installed" in result.output


def test_the_services_of_one_terminal_are_disabled_together(ready: Shell, host: FakeHost) -> None:
    install_native(host)
    ready.run("service", "enable", "sshd", "--confirm")
    ready.run("service", "enable", "su", "--confirm")
    ready.run("service", "enable", "sudo", "--terminal", "native", "--stack", "after", "--confirm")

    result = ready.run("service", "disable", "--all", "--terminal", "native", "--quiet")

    assert (result.exit_code, result.output) == (Exit.DONE, "")
    assert state_of(host, "sshd") is State.INSTEAD
    for service in ("su", "sudo"):
        assert text_of(host, service) == read("debian12", service)
    assert list(host.places.policies.iterdir()) == []


def test_one_service_is_disabled_whatever_its_terminal(ready: Shell) -> None:
    result = ready.run("service", "disable", "sudo", "--terminal", "native")

    assert result.exit_code == Exit.USAGE
