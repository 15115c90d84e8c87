# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The package comes, stays, is upgraded and goes; the logins of the machine are what they were."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pages
from tests.static.tool import located, output_of
from tests.static.tree import ROOT
from tests.system.conftest import installed, require_a_host
from tests.testhost.machine import Machine
from tests.testhost.package import built_package, install
from tests.testhost.ssh import configure_sshd
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

EXPOSURE = 1.1
SERVICE = "/etc/pam.d/sshd"
BY_HAND = "auth required pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py\n"
# Any instant will do, if it is the same for both.
EPOCH = "1700000000"
CREDENTIAL = "/etc/smsotp/credentials/sms-password"


@pytest.fixture(params=["bookworm", "trixie"])
def fresh(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn, newly booted, without our package."""
    require_a_host()
    with Machine(request.param) as machine:
        yield machine


@pytest.fixture
def equipped(fresh: Machine) -> Machine:
    """The same with our package."""
    install(fresh, built_package())
    return fresh


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def shared(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn with our package, for tests that leave it as they found it."""
    with installed(request.param) as machine:
        yield machine


def pam_files(machine: Machine) -> str:
    """Return name, owner, mode and digest of everything in /etc/pam.d and of /etc/pam.conf."""
    look = "stat -c '%n %U:%G %a %F' $(find /etc/pam.d /etc/pam.conf) | sort; "
    look += "find /etc/pam.d /etc/pam.conf -type f -exec sha256sum {} + | sort"
    return machine.run(["sh", "-c", look]).stdout


def property_of_the_unit(machine: Machine, name: str) -> str:
    return machine.run(["systemctl", "show", "--value", f"--property={name}", "smsotpd"]).stdout[
        :-1
    ]


def wait_until_running(machine: Machine) -> None:
    wait_until(
        lambda: property_of_the_unit(machine, "ActiveState") == "active", 20, "the daemon is ready"
    )


def enable(machine: Machine) -> None:
    """Switch services on for good, although nobody is enrolled: nobody logs in here."""
    configure_sshd(machine, {"KbdInteractiveAuthentication": "yes"})
    for service in ("sshd", "sudo"):
        machine.run(["smsotpctl", "service", "enable", service, "--confirm", "--force"])


def apt(machine: Machine, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    return machine.run(["apt-get", "--yes", *arguments], env=quiet, check=check, timeout=180)


def remade(package: Path, folder: Path, version: str) -> Path:
    """Return the same package under a later version."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(
        re.sub("^Version: .*", f"Version: {version}", control.read_text(), flags=re.MULTILINE)
    )
    later = folder / "later.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, later], check=True)
    return later


def test_the_same_tree_gives_the_same_package(tmp_path: Path) -> None:
    located("dpkg-buildpackage")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    for run in ("first", "second"):
        command = [sys.executable, str(ROOT / "packaging/build"), "--output", str(tmp_path / run)]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / run).iterdir()}
        for run in ("first", "second")
    )
    assert len(first) == 2
    assert first == second


def test_lintian_finds_no_fault() -> None:
    status, output = output_of(
        "lintian",
        "--allow-root",
        "--fail-on=error,warning",
        built_package(),
        built_package("libpam-smsotp"),
    )
    assert status == 0, output


def test_every_link_of_an_installed_page_leads_somewhere(tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", built_package(), tmp_path], check=True)
    folder = tmp_path / "usr/share/doc/pam-smsotp"
    installed_pages = {path: pages.dead_links(path) for path in folder.rglob("*.md")}
    assert folder / "README.md" in installed_pages
    assert {path.name: dead for path, dead in installed_pages.items() if dead} == {}
    # A compressed page is one that no link finds, and its own links are not looked at.
    assert list(folder.rglob("*.md.gz")) == []


def test_the_native_terminal_is_packed_as_hardened_as_debian_can(tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", built_package("libpam-smsotp"), tmp_path], check=True)
    [module] = tmp_path.glob("usr/lib/*/security/pam_smsotp.so")
    _, output = output_of("readelf", "--wide", "--dynamic", "--program-headers", module)
    assert "GNU_RELRO" in output
    assert "BIND_NOW" in output


def test_installing_changes_no_login(fresh: Machine) -> None:
    before = pam_files(fresh)
    install(fresh, built_package())
    assert pam_files(fresh) == before


def test_the_daemon_is_ready_after_installing(equipped: Machine) -> None:
    wait_until_running(equipped)
    assert property_of_the_unit(equipped, "UnitFileState") == "enabled"
    assert property_of_the_unit(equipped, "NRestarts") == "0"
    equipped.run(["busctl", "status", "org.smsotp1"])


def test_the_daemon_has_no_privilege_and_cannot_get_one(shared: Machine) -> None:
    wait_until_running(shared)
    status = shared.read_text(f"/proc/{property_of_the_unit(shared, 'MainPID')}/status")
    assert set(re.findall(r"^Cap\w+:\s+(\w+)$", status, re.MULTILINE)) == {"0" * 16}
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
    assert not re.search(r"^Uid:\s+0", status, re.MULTILINE)


def test_the_sandbox_leaves_little_exposed_where_it_runs(shared: Machine) -> None:
    said = shared.run(["systemd-analyze", "security", "--no-pager", "smsotpd.service"]).stdout
    [exposure] = re.findall(r"Overall exposure level for smsotpd.service: ([\d.]+)", said)
    assert float(exposure) <= EXPOSURE


def test_a_call_starts_a_stopped_daemon(shared: Machine) -> None:
    shared.run(["systemctl", "stop", "smsotpd"])
    ping = ["org.smsotp1", "/org/smsotp1", "org.freedesktop.DBus.Peer", "Ping"]
    shared.run(["busctl", "call", *ping])
    assert property_of_the_unit(shared, "ActiveState") == "active"


def test_a_wrong_configuration_is_not_tried_again_and_again(shared: Machine) -> None:
    shared.write_text("/etc/smsotp/smsotpd.d/wrong.toml", "[policy.sshd]\ncode_digits = 3\n")
    shared.run(["systemctl", "restart", "smsotpd"], check=False)
    assert property_of_the_unit(shared, "ActiveState") == "failed"
    assert property_of_the_unit(shared, "ExecMainStatus") == "78"
    complaints = shared.journal(SYSLOG_IDENTIFIER="smsotpd")
    assert any("wrong.toml" in str(entry["MESSAGE"]) for entry in complaints)
    shared.run(["rm", "/etc/smsotp/smsotpd.d/wrong.toml"])
    shared.run(["systemctl", "restart", "smsotpd"])
    assert property_of_the_unit(shared, "ActiveState") == "active"


def test_secrets_and_state_are_for_the_daemon_alone(shared: Machine) -> None:
    wait_until_running(shared)
    look = ["stat", "--format=%U:%G %a %n"]
    folders = ["/var/lib/smsotp", "/etc/smsotp/gateways.d", "/etc/smsotp/credentials"]
    assert shared.run([*look, *folders]).stdout.splitlines() == [
        "smsotp:smsotp 700 /var/lib/smsotp",
        "root:smsotp 750 /etc/smsotp/gateways.d",
        "root:root 700 /etc/smsotp/credentials",
    ]
    stored = shared.run(["find", "/var/lib/smsotp", "-type", "f", "-printf", "%u %m\n"]).stdout
    assert set(stored.splitlines()) == {"smsotp 600"}


def test_a_credential_reaches_the_daemon_and_nobody_else(shared: Machine) -> None:
    shared.write_text(CREDENTIAL, "swordfish\n", mode=0o600)
    drop_in = f"[Service]\nLoadCredential=sms-password:{CREDENTIAL}\n"
    shared.write_text("/etc/systemd/system/smsotpd.service.d/credential.conf", drop_in)
    shared.run(["systemctl", "daemon-reload"])
    shared.run(["systemctl", "restart", "smsotpd"])
    folder = "/run/credentials/smsotpd.service"
    assert shared.run(["cat", f"{folder}/sms-password"]).stdout == "swordfish\n"
    shared.run(["cat", f"{folder}/sms-password"], user="smsotp")
    refused = shared.run(["cat", f"{folder}/sms-password"], user="nobody", check=False)
    assert refused.returncode != 0
    shared.run(["rm", "-r", "/etc/systemd/system/smsotpd.service.d", CREDENTIAL])
    shared.run(["systemctl", "daemon-reload"])
    shared.run(["systemctl", "restart", "smsotpd"])


def test_the_journal_explains_its_entries(shared: Machine) -> None:
    wait_until_running(shared)
    explained = shared.run(["journalctl", "--catalog", "--no-pager", "--unit=smsotpd"]).stdout
    assert "Defined-By: pam-smsotp" in explained
    assert "Subject: The configuration is in force" in explained


def test_the_manual_and_the_completions_are_where_programs_look(shared: Machine) -> None:
    files = shared.run(["dpkg", "--listfiles", "pam-smsotp"]).stdout.splitlines()
    wanted = {
        *(f"/usr/share/man/man8/{page}.8.gz" for page in ("smsotpd", "smsotpctl", "pam_smsotp")),
        "/usr/share/bash-completion/completions/smsotpctl",
        "/usr/share/zsh/vendor-completions/_smsotpctl",
        "/usr/share/fish/vendor_completions.d/smsotpctl.fish",
    }
    assert wanted - set(files) == set()


def test_the_shell_completes_the_words_of_the_command(shared: Machine) -> None:
    asked = "source /usr/share/bash-completion/completions/smsotpctl && complete -p smsotpctl"
    assert "smsotpctl" in shared.run(["bash", "-c", asked]).stdout


def test_the_environment_does_not_choose_what_root_imports(shared: Machine) -> None:
    shared.write_text("/tmp/evil/smsotpd/__init__.py", "open('/tmp/evil/ran', 'w')\n")
    for program in ("/usr/sbin/smsotpd", "/usr/bin/smsotpctl"):
        shared.run([program, "--version"], env={"PYTHONPATH": "/tmp/evil"})
    assert shared.run(["test", "-e", "/tmp/evil/ran"], check=False).returncode == 1


def test_an_upgrade_restarts_the_daemon_and_keeps_what_was_set(
    equipped: Machine, tmp_path: Path
) -> None:
    wait_until_running(equipped)
    enable(equipped)
    before, pid = pam_files(equipped), property_of_the_unit(equipped, "MainPID")
    equipped.run(["sh", "-c", "echo '# ours' >> /etc/smsotp/smsotpd.toml"])
    install(equipped, remade(built_package(), tmp_path, "99.0"))
    wait_until_running(equipped)
    assert property_of_the_unit(equipped, "MainPID") != pid
    assert pam_files(equipped) == before
    assert equipped.read_text("/etc/smsotp/smsotpd.toml").endswith("# ours\n")


def test_removing_switches_enabled_services_off_to_the_byte(equipped: Machine) -> None:
    before = pam_files(equipped)
    enable(equipped)
    assert pam_files(equipped) != before
    removed = apt(equipped, "remove", "pam-smsotp")
    assert "smsotpctl failed" not in removed.stdout
    assert pam_files(equipped) == before


def test_removing_restores_services_even_where_the_command_is_broken(equipped: Machine) -> None:
    before = pam_files(equipped)
    enable(equipped)
    equipped.write_text("/usr/bin/smsotpctl", "#!/bin/sh\nexit 1\n", mode=0o755)
    removed = apt(equipped, "remove", "pam-smsotp")
    assert "smsotpctl failed" in removed.stdout
    assert pam_files(equipped) == before


def test_a_line_written_by_hand_keeps_the_package_from_being_removed(equipped: Machine) -> None:
    equipped.write_text(SERVICE, BY_HAND)
    refused = apt(equipped, "remove", "pam-smsotp", check=False)
    assert refused.returncode != 0
    assert SERVICE in refused.stdout
    assert equipped.read_text(SERVICE) == BY_HAND
    equipped.run(["test", "-e", "/usr/lib/pam-smsotp/pam_smsotp.py"])
    wait_until_running(equipped)
    equipped.run(["rm", SERVICE])
    apt(equipped, "remove", "pam-smsotp")


def enable_by_both_terminals(machine: Machine) -> None:
    """Switch sshd on by pam_python, and su and sudo by the native terminal."""
    install(machine, built_package("libpam-smsotp"))
    configure_sshd(machine, {"KbdInteractiveAuthentication": "yes"})
    for service, terminal in (("sshd", "python"), ("su", "native"), ("sudo", "native")):
        words = ["smsotpctl", "service", "enable", service, "--terminal", terminal]
        machine.run([*words, "--confirm", "--force"])


def test_removing_the_native_terminal_switches_its_services_off_and_no_others(
    equipped: Machine,
) -> None:
    before = {name: equipped.read_text(f"/etc/pam.d/{name}") for name in ("sshd", "su", "sudo")}
    enable_by_both_terminals(equipped)
    removed = apt(equipped, "remove", "libpam-smsotp")
    assert "smsotpctl failed" not in removed.stdout
    now = {name: equipped.read_text(f"/etc/pam.d/{name}") for name in before}
    assert (now["su"], now["sudo"]) == (before["su"], before["sudo"])
    assert "pam_python.so" in now["sshd"]
    # Root still becomes anybody, and nothing names a module that is gone.
    equipped.run(["su", "--command", "true", "nobody", "--shell", "/bin/sh"])


def test_removing_everything_switches_the_services_of_both_terminals_off(
    equipped: Machine,
) -> None:
    before = pam_files(equipped)
    enable_by_both_terminals(equipped)
    assert pam_files(equipped) != before
    apt(equipped, "remove", "pam-smsotp")
    assert pam_files(equipped) == before
    found = equipped.run(["find", "/usr/lib", "-name", "pam_smsotp.so"]).stdout
    assert found == ""


def test_the_native_terminals_services_are_restored_where_the_command_is_broken(
    equipped: Machine,
) -> None:
    enable_by_both_terminals(equipped)
    sshd = equipped.read_text("/etc/pam.d/sshd")
    equipped.write_text("/usr/bin/smsotpctl", "#!/bin/sh\nexit 1\n", mode=0o755)
    removed = apt(equipped, "remove", "libpam-smsotp")
    assert "libpam-smsotp: smsotpctl failed" in removed.stdout
    assert "pam_smsotp" not in equipped.read_text("/etc/pam.d/su")
    assert "pam_smsotp" not in equipped.read_text("/etc/pam.d/sudo")
    assert equipped.read_text("/etc/pam.d/sshd") == sshd


def test_a_native_line_written_by_hand_keeps_its_package_from_being_removed(
    equipped: Machine,
) -> None:
    install(equipped, built_package("libpam-smsotp"))
    line = "auth required pam_smsotp.so\n"
    equipped.write_text(SERVICE, line)
    refused = apt(equipped, "remove", "libpam-smsotp", check=False)
    assert refused.returncode != 0
    assert SERVICE in refused.stdout
    assert equipped.read_text(SERVICE) == line
    assert equipped.run(["find", "/usr/lib", "-name", "pam_smsotp.so"]).stdout != ""
    equipped.run(["rm", SERVICE])
    apt(equipped, "remove", "libpam-smsotp")


def test_a_file_that_was_put_aside_does_not_keep_the_package(equipped: Machine) -> None:
    equipped.write_text(f"{SERVICE}.dpkg-old", BY_HAND)
    before = pam_files(equipped)
    apt(equipped, "remove", "pam-smsotp")
    assert pam_files(equipped) == before


def test_purging_leaves_no_file_and_only_the_locked_user(fresh: Machine) -> None:
    before = pam_files(fresh)
    install(fresh, built_package())
    wait_until_running(fresh)
    enable(fresh)
    fresh.write_text("/etc/smsotp/gateways.d/acme.toml", 'type = "http"\n', mode=0o600)
    apt(fresh, "purge", "pam-smsotp")
    assert pam_files(fresh) == before
    places = ["/etc", "/usr", "/var", "/run", "/opt", "/srv"]
    # Not apt's and dpkg's own memory of what once was.
    memory = ["/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log"]
    skipped = [word for path in memory for word in ("-path", path, "-prune", "-o")]
    left = fresh.run(["find", *places, "-xdev", *skipped, "-iname", "*smsotp*", "-print"]).stdout
    assert left == ""
    assert fresh.run(["getent", "passwd", "smsotp"]).stdout.rstrip().endswith(":/usr/sbin/nologin")
    shadow = fresh.run(["getent", "shadow", "smsotp"]).stdout.split(":")
    assert shadow[1].startswith("!")
