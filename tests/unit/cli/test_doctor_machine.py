# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in sshd, sudo, files, unit, bus, gateways and clock."""

import os
from contextlib import nullcontext

import pytest

from smsotpd.cli.client import AdminClient
from smsotpd.cli.doctor.clock import clock_findings
from smsotpd.cli.doctor.daemon import (
    bus_findings,
    configuration_findings,
    daemon_findings,
    unit_findings,
)
from smsotpd.cli.doctor.files import file_findings
from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.sudo import sudo_findings
from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Finished
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost


def test_sudo_without_secure_path_gets_a_line_of_its_own(host: FakeHost) -> None:
    host.answers["sudo -V"] = Finished(0, "Sudo version 1.9\n")

    (finding,) = sudo_findings(host)

    assert finding.severity is Severity.ERROR
    assert "secure_path is not set" in finding.what
    assert any("/etc/sudoers.d/pam-smsotp" in command for command in finding.commands)


def test_whom_sudo_never_asks_is_noted(host: FakeHost) -> None:
    host.answers["cvtsudoers"] = Finished(
        0,
        '{"User_Specs": [{"User_List": [{"username": "ansible"}], "Cmnd_Specs": '
        '[{"Options": [{"authenticate": false}]}]}]}',
    )

    (finding,) = sudo_findings(host)

    assert finding.severity is Severity.NOTE
    assert "ansible" in finding.what


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ('"Options": [{"authenticate": false}]', "by a “Defaults” with !authenticate"),
        (
            '"Binding": [{"username": "bob"}], "Options": [{"authenticate": false}]',
            "by a “Defaults” with !authenticate",
        ),
        ('"Options": [{"pam_service": "other"}]', "by the name of other, whose stack asks for no"),
        ('"Options": [{"pam_login_service": "su-l"}]', "by the name of su-l, whose stack asks for"),
    ],
)
def test_defaults_by_which_sudo_goes_past_the_code_are_warnings(
    options: str, what: str, host: FakeHost
) -> None:
    host.answers["cvtsudoers"] = Finished(0, f'{{"Defaults": [{{{options}}}]}}')

    (finding,) = sudo_findings(host, asking=["sudo"], interpreted=False)

    assert finding.severity is Severity.WARNING
    assert what in finding.what


def test_another_name_is_fine_if_its_stack_asks_and_a_native_terminal_needs_no_path(
    host: FakeHost,
) -> None:
    host.answers["sudo -V"] = Finished(0, "Sudo version 1.9\n")
    host.answers["cvtsudoers"] = Finished(0, '{"Defaults": [{"Options": [{"pam_service": "su"}]}]}')

    assert list(sudo_findings(host, asking=["su", "sudo"], interpreted=False)) == []


UNIT = "LoadState=loaded\nActiveState=active\nWatchdogUSec=1min\nNRestarts=0\nDropInPaths=\n"


@pytest.mark.parametrize(
    ("change", "severity", "what", "command"),
    [
        (("loaded", "masked"), Severity.ERROR, "masked", "systemctl unmask smsotpd.service"),
        (("loaded", "not-found"), Severity.ERROR, "not installed", "apt-get install --yes"),
        (("=active", "=failed"), Severity.ERROR, "failed", "systemctl restart smsotpd.service"),
        (("NRestarts=0", "NRestarts=7"), Severity.WARNING, "7 times", "systemctl restart"),
        (("1min", "infinity"), Severity.WARNING, "watchdog", ""),
        (("=active", "=inactive"), Severity.NOTE, "next login starts it", ""),
        (("DropInPaths=", "DropInPaths=/etc/x.conf"), Severity.NOTE, "/etc/x.conf", ""),
        (
            ("NRestarts=0", "NeedDaemonReload=yes"),
            Severity.WARNING,
            "changed since",
            "systemctl daemon-reload",
        ),
    ],
)
def test_the_state_of_the_unit_is_told(
    change: tuple[str, str], severity: Severity, what: str, command: str, host: FakeHost
) -> None:
    host.answers["systemctl show"] = Finished(0, UNIT.replace(*change))
    host.places.systemd.mkdir()

    (finding,) = unit_findings(host)

    assert finding.severity is severity
    assert what in finding.what
    assert any(each.startswith(command) for each in finding.commands) or not command


def test_a_running_unit_is_well(host: FakeHost) -> None:
    host.answers["systemctl show"] = Finished(0, UNIT)

    assert list(unit_findings(host)) == []


def test_a_configuration_that_the_daemon_refuses_is_told_in_its_words(host: FakeHost) -> None:
    host.answers["smsotpd --check"] = Finished(78, "", "/etc/smsotp/smsotpd.toml:3: unknown key\n")

    (finding,) = configuration_findings(host)

    assert "smsotpd.toml:3: unknown key" in finding.what


def test_missing_files_of_the_bus_are_errors_and_own_policies_warnings(host: FakeHost) -> None:
    own = host.places.root / "etc" / "dbus-1" / "system.d"
    own.mkdir(parents=True)
    (own / "mine.conf").write_text('<allow own="org.smsotp1"/>')

    found = list(bus_findings(host))

    assert [finding.severity for finding in found] == [
        Severity.ERROR, Severity.ERROR, Severity.WARNING,
    ]  # fmt: skip


def asked(daemon: FakeDaemon, *, needed: bool = True) -> list[Finding]:
    return list(daemon_findings(lambda: nullcontext(AdminClient(daemon)), needed=needed))


def test_a_daemon_with_a_gateway_and_a_user_is_well(ready: Shell, daemon: FakeDaemon) -> None:
    del ready
    assert asked(daemon) == []


def test_a_gateway_that_is_down_is_an_error_if_it_is_the_only_one(
    ready: Shell, daemon: FakeDaemon
) -> None:
    del ready
    daemon.conditions["main"] = "down"
    (finding,) = asked(daemon)
    assert finding.severity is Severity.ERROR

    daemon.gateways["other"] = daemon.gateways["main"] | {"name": "other"}
    (finding,) = asked(daemon)
    assert finding.severity is Severity.WARNING
    assert finding.where == "main"


def test_no_daemon_no_gateway_and_no_user_are_errors_where_codes_are_needed(
    daemon: FakeDaemon,
) -> None:
    assert {finding.check for finding in asked(daemon)} == {"gateways", "users"}
    assert {finding.severity for finding in asked(daemon)} == {Severity.ERROR}
    assert {finding.severity for finding in asked(daemon, needed=False)} == {Severity.WARNING}
    daemon.failure = CliError("smsotpd does not run and could not be started", remedy="see there")
    (finding,) = asked(daemon)
    assert finding.what == "Smsotpd does not run and could not be started."


@pytest.mark.parametrize(
    ("path", "mode", "command"),
    [
        ("var/lib/smsotp", 0o755, "chmod 700 /var/lib/smsotp"),
        ("etc/smsotp/gateways.d", 0o755, "chmod 750 /etc/smsotp/gateways.d"),
        ("etc/smsotp/gateways.d/x.toml", 0o644, "chmod 640 /etc/smsotp/gateways.d/x.toml"),
        ("etc/smsotp/credentials", 0o750, "chmod 700 /etc/smsotp/credentials"),
        ("pam.d/sshd", 0o666, "chmod o-w /pam.d/sshd"),
        ("smsotp/pam_smsotp.py", 0o646, "chmod o-w /smsotp/pam_smsotp.py"),
        ("python/pam_smsotp/entry.py", 0o666, "chmod o-w /python/pam_smsotp/entry.py"),
        ("python", 0o777, "chmod o-w /python"),
    ],
)
def test_a_mode_that_lets_others_in_is_found_with_the_command_that_mends_it(
    path: str, mode: int, command: str, host: FakeHost
) -> None:
    root = host.places.root
    root.chmod(0o755)
    for directory in ("var/lib/smsotp", "etc/smsotp/gateways.d", "etc/smsotp/credentials",
                      "python/pam_smsotp"):  # fmt: skip
        (root / directory).mkdir(parents=True)
    (root / "etc/smsotp/gateways.d").chmod(0o750)
    (root / "etc/smsotp/gateways.d/x.toml").touch(0o640)
    (root / "etc/smsotp/credentials").chmod(0o700)
    (root / "var/lib/smsotp").chmod(0o700)
    (root / "python/pam_smsotp/entry.py").touch(0o644)
    host.answers["/usr/bin/python3 -I"] = Finished(0, "/python\n/nowhere\n")
    before = {each for found in files(host) for each in found.commands}

    (root / path).chmod(mode)

    assert {each for found in files(host) for each in found.commands} - before == {command}


def files(host: FakeHost) -> list[Finding]:
    return list(file_findings(host, owner=os.geteuid()))


def test_a_clock_that_nothing_keeps_right_is_a_warning(host: FakeHost) -> None:
    assert list(clock_findings(host)) == []
    host.answers["timedatectl"] = Finished(0, "NTPSynchronized=no\nNTP=no\nCanNTP=yes\n")
    (finding,) = clock_findings(host)
    assert finding.commands == ("timedatectl set-ntp true",)


def test_a_clock_that_has_jumped_is_a_warning(host: FakeHost) -> None:
    host.answers["journalctl --boot"] = Finished(0, "Time jumped backwards, rotating.\n")
    (finding,) = clock_findings(host)
    assert "jumped" in finding.what
