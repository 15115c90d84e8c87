# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in sshd, sudo, files, unit, bus, gateways and clock."""

import os
import tomllib
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
from smsotpd.cli.doctor.memory import memory_findings
from smsotpd.cli.doctor.policy_values import pin_cost
from smsotpd.cli.doctor.polkit import polkit_findings
from smsotpd.cli.doctor.sshd import Deadlines, judge_settings, sshd_findings, variants
from smsotpd.cli.doctor.sudo import sudo_findings
from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Finished
from tests.bus.private_bus import ROOT
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, add_polkit

GOOD_SSHD = {
    "usepam": "yes",
    "kbdinteractiveauthentication": "yes",
    "passwordauthentication": "no",
    "pubkeyauthentication": "yes",
    "authenticationmethods": "publickey,keyboard-interactive:pam keyboard-interactive:pam",
    "permitrootlogin": "no",
    "logingracetime": "120",
    "maxauthtries": "6",
}


def sshd(**changes: str) -> list[Finding]:
    return list(judge_settings(GOOD_SSHD | changes, "sshd_config", Deadlines(40, 120)))


def test_nothing_is_wrong_with_good_settings_of_sshd() -> None:
    assert sshd() == []


@pytest.mark.parametrize(
    ("change", "severity", "what", "line"),
    [
        ({"usepam": "no"}, Severity.ERROR, "does not use PAM", "UsePAM yes"),
        (
            {"kbdinteractiveauthentication": "no"},
            Severity.ERROR,
            "nobody can answer",
            "KbdInteractiveAuthentication yes",
        ),
        (
            {"passwordauthentication": "yes"},
            Severity.WARNING,
            "always fails",
            "PasswordAuthentication no",
        ),
        ({"logingracetime": "20"}, Severity.ERROR, "hangs up after 20 s", "LoginGraceTime 120"),
        ({"maxauthtries": "1"}, Severity.WARNING, "typing error", "MaxAuthTries 6"),
        (
            {"authenticationmethods": "any"},
            Severity.WARNING,
            "logs in by it alone",
            "AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam",
        ),
        (
            {"authenticationmethods": "publickey"},
            Severity.ERROR,
            "names no keyboard-interactive",
            "AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam",
        ),
    ],
)
def test_a_setting_of_sshd_is_found_with_the_line_that_mends_it(
    change: dict[str, str], severity: Severity, what: str, line: str
) -> None:
    (finding,) = sshd(**change)

    assert finding.severity is severity
    assert what in finding.what
    assert any(line in command for command in finding.commands)
    assert finding.commands[-1] == "sshd -t && systemctl reload ssh"


def test_keys_that_are_let_in_on_purpose_are_only_noted() -> None:
    (finding,) = sshd(authenticationmethods="publickey keyboard-interactive:pam")

    assert finding.severity is Severity.NOTE
    assert "publickey" in finding.what


def test_a_terminal_that_waits_longer_than_sshd_is_a_warning() -> None:
    (finding,) = judge_settings(GOOD_SSHD, "sshd_config", Deadlines(120, 300))

    assert finding.severity is Severity.WARNING
    assert "silent daemon" in finding.what


def test_a_code_that_outlives_the_login_is_noted() -> None:
    (finding,) = judge_settings(GOOD_SSHD, "sshd_config", Deadlines(40, 300))

    assert finding.severity is Severity.NOTE
    assert "120 s and a code lives 300 s" in finding.what


def test_endless_patience_of_sshd_is_no_mistake() -> None:
    assert sshd(logingracetime="0") == []


def test_a_match_block_is_looked_at_by_a_connection_of_its_kind(host: FakeHost) -> None:
    directory = host.places.root / "etc" / "ssh" / "sshd_config.d"
    directory.mkdir(parents=True)
    (directory / "x.conf").write_text(
        "UsePAM yes\nMatch User deploy,ci Address 10.0.0.0/8\n  KbdInteractiveAuthentication no\n"
    )
    everybody = "".join(f"{key} {value}\n" for key, value in GOOD_SSHD.items())
    special = everybody.replace(
        "kbdinteractiveauthentication yes", "kbdinteractiveauthentication no"
    )
    host.answers["sshd -T"] = Finished(0, everybody)
    host.answers["sshd -T -C user=deploy,host=localhost,addr=10.0.0.0"] = Finished(0, special)

    (finding,) = sshd_findings(host, Deadlines(40, 120))

    assert finding.where == "/etc/ssh/sshd_config.d/x.conf:2"
    assert "nobody can answer" in finding.what
    assert len(variants(host)) == 2


def test_an_sshd_that_does_not_start_is_an_error(host: FakeHost) -> None:
    host.answers["sshd -T"] = Finished(255, "", "x.conf line 3: Bad configuration option: Frob\n")

    (finding,) = sshd_findings(host, Deadlines())

    assert finding.severity is Severity.ERROR
    assert "line 3" in finding.what


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


def test_a_polkit_that_knows_the_daemon_is_asked_as_the_daemon_and_is_well(host: FakeHost) -> None:
    add_polkit(host)

    assert list(polkit_findings(host)) == []
    assert host.ran_program("setpriv", "--reuid=smsotp")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("org.freedesktop.policykit.owner -> unix-user:smsotp", ""), "smsotp does not own"),
        (
            ("unix-user:smsotp", "unix-user:nobody"),
            "smsotp does not own org.smsotp1.gateway.read, ",
        ),
        (("org.smsotp1.user.write:", "org.example.user:"), "does not know org.smsotp1.user.write,"),
        (("implicit inactive: auth_admin_keep", "implicit inactive: yes"), "users unasked"),
    ],
)
def test_actions_that_polkit_has_otherwise_are_found(
    change: tuple[str, str], what: str, host: FakeHost
) -> None:
    add_polkit(host)
    host.answers["pkaction"] = Finished(0, host.answers["pkaction"].output.replace(*change))

    (finding,) = polkit_findings(host)

    assert finding.severity is Severity.WARNING
    assert what in finding.what
    assert finding.commands[-1] == "systemctl try-restart polkit"


def test_an_owner_among_others_is_enough(host: FakeHost) -> None:
    add_polkit(host)
    both = host.answers["pkaction"].output.replace("unix-user:", "unix-user:root unix-user:")
    host.answers["pkaction"] = Finished(0, both)

    assert list(polkit_findings(host)) == []


def test_a_polkit_that_refuses_the_daemon_is_found_in_its_words(host: FakeHost) -> None:
    add_polkit(host)
    host.answers["setpriv"] = Finished(127, "", "Error: Only trusted callers can use it\n")

    (finding,) = polkit_findings(host)

    assert finding.severity is Severity.WARNING
    assert "only root may use smsotpctl" in finding.what
    assert "Only trusted callers" in finding.what


def test_no_polkit_is_noted_and_a_broken_one_is_a_warning(host: FakeHost) -> None:
    add_polkit(host)
    host.answers["pkaction"] = Finished(127, "", "pkaction: not found")
    (finding,) = polkit_findings(host)
    assert (finding.severity, finding.remedy[:27]) == (Severity.NOTE, "apt-get install polkitd, if")

    host.answers["pkaction"] = Finished(1, "", "Could not connect: No such file\n")
    (finding,) = polkit_findings(host)
    assert (finding.severity, finding.commands) == (
        Severity.WARNING, ("systemctl restart polkit",),
    )  # fmt: skip

    (host.places.root / "usr/share/polkit-1/actions/org.smsotp1.policy").unlink()
    (finding,) = polkit_findings(host)
    assert "is missing" in finding.what


def test_rules_of_the_machine_about_our_actions_are_noted(host: FakeHost) -> None:
    add_polkit(host)
    rules = host.places.root / "etc/polkit-1/rules.d"
    rules.mkdir(parents=True)
    (rules / "10-mine.rules").write_text('if (action.id == "org.smsotp1.user.write") …')
    (rules / "20-other.rules").write_text('if (action.id == "org.example") …')

    (finding,) = polkit_findings(host)

    assert (finding.severity, finding.where) == (
        Severity.NOTE, "/etc/polkit-1/rules.d/10-mine.rules",
    )  # fmt: skip


def with_memory(host: FakeHost, most: str, pin: str = "", total: int = 8_000_000) -> list[Finding]:
    host.answers["systemctl show"] = Finished(0, f"{UNIT}{most}\n")
    (host.places.root / "proc").mkdir(exist_ok=True)
    (host.places.root / "proc/meminfo").write_text(f"MemTotal:  {total} kB\n")
    host.places.policies.mkdir(exist_ok=True)
    (host.places.policies / "pin.toml").write_text(f"[pin]\n{pin}\n")
    (host.places.policies / ".pin.toml~.toml").write_text("[pin]\nthreads = 60\n")
    return list(memory_findings(host))


@pytest.mark.parametrize("most", ["MemoryMax=536870912", "MemoryMax=infinity", ""])
def test_what_is_shipped_fits_into_what_is_shipped(most: str, host: FakeHost) -> None:
    assert with_memory(host, most) == []
    assert with_memory(host, most, "threads = 6") == []


def test_more_hashes_than_the_unit_has_memory_for_are_a_warning_with_the_change(
    host: FakeHost,
) -> None:
    (finding,) = with_memory(host, "MemoryMax=536870912", "threads = 16")

    assert finding.severity is Severity.WARNING
    assert finding.where == "/etc/smsotpd.d/pin.toml"
    assert "take 832 MiB" in finding.what
    assert "may use 512" in finding.what
    assert finding.commands == ("systemctl set-property smsotpd.service MemoryMax=832M",)
    threads = int(finding.remedy.removeprefix("set threads = ").split()[0])
    assert with_memory(host, "MemoryMax=536870912", f"threads = {threads}") == []
    assert with_memory(host, "MemoryMax=536870912", f"threads = {threads + 1}")
    assert with_memory(host, f"MemoryMax={832 * 1024**2}", "threads = 16") == []


def test_a_unit_that_cannot_hold_one_hash_is_an_error(host: FakeHost) -> None:
    (finding,) = with_memory(host, "MemoryMax=100000000")

    assert finding.severity is Severity.ERROR
    assert finding.commands == ("systemctl set-property smsotpd.service MemoryMax=192M",)


@pytest.mark.parametrize(
    ("most", "total"),
    [
        ("MemoryMax=536870912\nEffectiveMemoryMax=300000000", 8_000_000),
        ("MemoryMax=536870912\nEffectiveMemoryMax=536870912", 900_000),
        ("MemoryMax=infinity\nEffectiveMemoryMax=18446744073709551615", 600_000),
    ],
)
def test_where_the_unit_is_not_what_is_tight_no_higher_limit_is_proposed(
    most: str, total: int, host: FakeHost
) -> None:
    (finding,) = with_memory(host, most, "threads = 16", total)

    assert finding.commands == ()
    assert finding.remedy.endswith("then: systemctl restart smsotpd.service")


def test_the_doctor_knows_what_hashing_takes_unless_configured(host: FakeHost) -> None:
    shipped = tomllib.loads(
        (ROOT / "etc/smsotp/smsotpd.toml").read_text().replace("#threads", "threads").replace(
            "#memory_kib", "memory_kib"
        )
    )  # fmt: skip

    found = pin_cost(host)

    assert {"threads": found.threads, "memory_kib": found.memory_kib} == shipped["pin"]


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
