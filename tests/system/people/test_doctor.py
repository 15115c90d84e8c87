# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl doctor` on a booted machine: well, and broken in many ways.

Each broken thing is found, and what the doctor proposes, carried out literally, heals it.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.conftest import installed
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

SSHD = "/etc/pam.d/sshd"
OURS = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py"
ACTIONS = "/usr/share/polkit-1/actions/org.smsotp1.policy"
# The machine of the tests has no time service, and no network for one.
OF_THE_MACHINE = {"clock"}

Found = dict[str, object]


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def patient(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn, set up by setup itself, in good health."""
    with installed(request.param) as machine:
        accounts.set_up(machine)
        accounts.enrol(accounts.new_account(machine))
        machine.run(["smsotpctl", "setup", "--yes", "--no-test", "--user", enrolled(machine),
                     "--no-recovery", "--keys", "code", "--confirm"])  # fmt: skip
        for service in ("sudo", "sudo-i"):
            machine.run(["smsotpctl", "service", "enable", service, "--confirm"])
        yield machine


def enrolled(machine: Machine) -> str:
    users = json.loads(machine.run(["smsotpctl", "user", "list", "--json"]).stdout)
    return str(users[0]["user"])


def examine(machine: Machine) -> tuple[int, list[Found]]:
    """Return the exit status and what was found, but notes and what is the test machine's own."""
    done = machine.run(["smsotpctl", "doctor", "--json"], check=False)
    report = json.loads(done.stdout)
    assert done.returncode == report["status"]
    return done.returncode, [
        finding
        for finding in report["findings"]
        if finding["severity"] != "note" and finding["check"] not in OF_THE_MACHINE
    ]


def carry_out(machine: Machine, finding: Found, tmp_path: Path) -> None:
    """Do literally what a finding proposes."""
    commands, diff = finding["commands"], finding["diff"]
    assert isinstance(commands, list)
    assert isinstance(diff, str)
    for command in commands:
        machine.run(["sh", "-ec", str(command)])
    if diff:
        path = diff.split("\n", 1)[0].removeprefix("--- a")
        copy = tmp_path / path.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(machine.read_text(path))
        subprocess.run(
            ["git", "apply", "-p1", "-"], input=diff, text=True, cwd=tmp_path, check=True
        )
        machine.write_text(path, copy.read_text())


@dataclass(frozen=True)
class Harm:
    """One way to break the machine.

    `check`, `severity` and `what` are of the finding; `mend` is for what no doctor can know.
    """

    name: str
    commands: tuple[str, ...]
    check: str
    severity: str
    what: str
    mend: tuple[str, ...] = ()


def edit(expression: str, path: str) -> str:
    return f"sed -i '{expression}' {path}"


HARMS = [
    Harm(
        "optional",
        (
            "smsotpctl service disable sshd",
            f"printf 'auth optional {OURS}\\n' >>{SSHD}",
        ),
        "pam", "error", "lets in whoever has the password, although the code was wrong",
    ),
    Harm(
        "sufficient before us",
        (
            "smsotpctl service disable sshd",
            edit(f"s|^@include common-auth|auth sufficient pam_unix.so\\nauth requisite {OURS}"
                 "\\nauth required pam_deny.so|", SSHD),
        ),
        "pam", "error", "without asking for a code",
    ),
    Harm(
        "jump too far",
        (
            "smsotpctl service disable sshd",
            edit(f"s|^@include common-auth|auth [success=7 default=die] {OURS}\\n&|", SSHD),
        ),
        "pam", "error", "Nobody gets into sshd",
    ),
    Harm(
        "unknown control",
        (
            "smsotpctl service disable sshd",
            edit(f"s|^@include common-auth|auth compulsory {OURS}\\n&|", SSHD),
        ),
        "pam", "error", "Nobody gets into sshd",
    ),
    Harm(
        "edited block",
        (edit("/^# END pam-smsotp/d", SSHD),),
        "pam", "warning", "was edited",
    ),
    Harm(
        "su",
        (f"printf 'auth required {OURS}\\n' >>/etc/pam.d/su",),
        "pam", "error", "su must not run our module",
    ),
    Harm(
        "common-auth",
        (f"printf 'auth required {OURS}\\n' >>/etc/pam.d/common-auth",),
        "pam", "error", "common-auth must not run our module",
    ),
    Harm(
        "an included file has changed",
        ("printf 'auth optional pam_faildelay.so delay=1000\\n' >>/etc/pam.d/common-auth",),
        "pam", "warning", "has changed since it was enabled",
        mend=("sed -i /faildelay/d /etc/pam.d/common-auth",
              "smsotpctl service disable sshd", "smsotpctl service enable sshd --confirm",
              "smsotpctl service disable sudo", "smsotpctl service enable sudo --confirm",
              "smsotpctl service disable sudo-i", "smsotpctl service enable sudo-i --confirm"),
    ),
    Harm(
        "sudo -i goes past",
        ("smsotpctl service disable sudo-i",),
        "pam", "warning", "sudo -i does not",
    ),
    Harm(
        "no keyboard-interactive",
        ("echo KbdInteractiveAuthentication no >/etc/ssh/sshd_config.d/10-pam-smsotp.conf",
         "systemctl reload ssh"),
        "sshd", "error", "nobody can answer our prompts",
    ),
    Harm(
        "no PAM",
        (edit("1i UsePAM no", "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"),),
        "sshd", "error", "does not use PAM",
    ),
    Harm(
        "short grace",
        (edit("1i LoginGraceTime 20", "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"),),
        "sshd", "error", "hangs up after 20 s",
    ),
    Harm(
        "keys alone",
        (edit("/^AuthenticationMethods/d", "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"),),
        "sshd", "warning", "logs in by it alone",
    ),
    Harm(
        "a group without prompts",
        ("printf 'Match Group root,nobodys\\n KbdInteractiveAuthentication no\\n' >/etc/ssh/more",
         "printf 'Include /etc/ssh/more*\\n' >/etc/ssh/sshd_config.d/50-more.conf"),
        "sshd", "error", "nobody can answer our prompts",
        mend=("rm /etc/ssh/more /etc/ssh/sshd_config.d/50-more.conf",),
    ),
    Harm(
        "sshd has never run",
        ("systemctl stop ssh", "rm -rf /run/sshd"),
        "sshd", "warning", "has not run since the machine was started",
        mend=("systemctl start ssh",),
    ),
    Harm(
        "no secure_path",
        (edit("/secure_path/d", "/etc/sudoers"),),
        "sudo", "error", "secure_path is not set",
    ),
    Harm(
        "sudo by another name",
        ("echo Defaults pam_service=su >/etc/sudoers.d/zz",),
        "sudo", "warning", "by the name of su, whose stack asks for no code",
        mend=("rm /etc/sudoers.d/zz",),
    ),
    Harm(
        "sudo asks nobody",
        ("echo 'Defaults !authenticate' >/etc/sudoers.d/zz",),
        "sudo", "warning", "with !authenticate",
        mend=("rm /etc/sudoers.d/zz",),
    ),
    Harm(
        "masked",
        ("systemctl stop smsotpd", "systemctl mask smsotpd"),
        "unit", "error", "masked",
    ),
    Harm(
        "wrong configuration",
        ("echo frobnicate = 1 >/etc/smsotp/smsotpd.d/broken.toml",),
        "configuration", "error", "broken.toml",
        mend=("rm /etc/smsotp/smsotpd.d/broken.toml", "systemctl reload-or-restart smsotpd"),
    ),
    Harm(
        "no policy of the bus",
        ("mv /usr/share/dbus-1/system.d/org.smsotp1.conf /root/",),
        "bus", "error", "policy of the bus is missing",
        mend=("mv /root/org.smsotp1.conf /usr/share/dbus-1/system.d/",),
    ),
    Harm(
        "no owner of the actions",
        (f"cp {ACTIONS} /root/", edit("/policykit.owner/d", ACTIONS), "systemctl restart polkit"),
        "polkit", "warning", "smsotp does not own org.smsotp1.gateway.read",
        mend=(f"mv /root/org.smsotp1.policy {ACTIONS}", "systemctl restart polkit"),
    ),
    Harm(
        "no actions",
        (f"mv {ACTIONS} /root/",),
        "polkit", "warning", "file of our actions is missing",
        mend=(f"mv /root/org.smsotp1.policy {ACTIONS}", "systemctl restart polkit"),
    ),
    Harm(
        "gateway disabled",
        ("smsotpctl gateway disable outbox",),
        "gateways", "error", "No gateway is enabled",
        mend=("smsotpctl gateway enable outbox",),
    ),
    Harm(
        "state that others read",
        ("chmod 755 /var/lib/smsotp",),
        "files", "error", "Others may read or change /var/lib/smsotp",
    ),
    Harm(
        "gateway file that others read",
        ("touch /etc/smsotp/gateways.d/x.toml", "chmod 644 /etc/smsotp/gateways.d/x.toml"),
        "files", "error", "/etc/smsotp/gateways.d/x.toml",
        mend=("rm /etc/smsotp/gateways.d/x.toml",),
    ),
    Harm(
        "entry that others write",
        ("chmod 666 /usr/lib/pam-smsotp/pam_smsotp.py",),
        "files", "error", "Everybody can change /usr/lib/pam-smsotp/pam_smsotp.py",
    ),
    Harm(
        "package of somebody else",
        ("chown nobody /usr/lib/python3/dist-packages/pam_smsotp/entry.py",),
        "files", "error", "entry.py belongs to nobody",
    ),
]  # fmt: skip


@pytest.fixture
def healthy(patient: Machine) -> Iterator[Machine]:
    """Put files that decide about logins back after a test, whatever healed them."""
    places = "etc/pam.d etc/ssh etc/sudoers etc/sudoers.d etc/smsotp"
    patient.run(["sh", "-ec", f"tar --create --file /root/before.tar --directory / {places}"])
    yield patient
    gone = "rm -rf /etc/pam.d/* /etc/ssh/sshd_config.d/* /etc/sudoers.d/*"
    patient.run(["sh", "-ec", f"{gone}; tar --extract --file /root/before.tar --directory /"])
    patient.run(["systemctl", "reload", "ssh"])


def test_a_machine_in_good_health_has_nothing_wrong(patient: Machine) -> None:
    _, found = examine(patient)

    assert found == []
    said = patient.run(["smsotpctl", "doctor"], check=False).stdout
    assert "sshd: PIN and code let in, without the password." in said


@pytest.mark.parametrize("harm", HARMS, ids=[harm.name for harm in HARMS])
def test_what_is_broken_is_found_and_healed_by_what_is_proposed(
    healthy: Machine, harm: Harm, tmp_path: Path
) -> None:
    patient = healthy
    for command in harm.commands:
        patient.run(["sh", "-ec", command])
    status, found = examine(patient)
    matching = [
        finding
        for finding in found
        if finding["check"] == harm.check and harm.what in str(finding["what"])
    ]
    try:
        assert matching, found
        assert matching[0]["severity"] == harm.severity
        assert status >= {"warning": 1, "error": 2}[harm.severity]
        if harm.mend:
            assert matching[0]["remedy"] or matching[0]["commands"]
        else:
            done: set[str] = set()
            for finding in found:
                # One change may heal several findings; each is carried out once.
                change = json.dumps([finding["commands"], finding["diff"]])
                if change not in done:
                    done.add(change)
                    carry_out(patient, finding, tmp_path)
    finally:
        for command in harm.mend:
            patient.run(["sh", "-ec", command])
    assert examine(patient)[1] == []


def test_polkit_itself_refuses_the_daemon_where_nobody_owns_the_actions(patient: Machine) -> None:
    patient.run(["sh", "-ec", f"cp {ACTIONS} /root/; {edit('/policykit.owner/d', ACTIONS)}"])
    try:
        patient.run(["systemctl", "restart", "polkit"])
        _, found = examine(patient)
        refused = [each for each in found if "refuses to answer the daemon" in str(each["what"])]
        assert refused
        assert "NotAuthorized" in str(refused[0]["what"])
    finally:
        patient.run(["mv", "/root/org.smsotp1.policy", ACTIONS])
        patient.run(["systemctl", "restart", "polkit"])
    assert examine(patient)[1] == []


def test_hashes_that_do_not_fit_are_given_the_memory_that_is_proposed(
    patient: Machine, tmp_path: Path
) -> None:
    file = "/etc/smsotp/smsotpd.d/threads.toml"
    patient.write_text(file, "[pin]\nthreads = 12\n")
    try:
        _, [finding] = examine(patient)
        assert (finding["check"], finding["where"]) == ("memory", file)
        carry_out(patient, finding, tmp_path)
        assert examine(patient)[1] == []
        shown = patient.run(["systemctl", "show", "--property=MemoryMax", "smsotpd"]).stdout
        assert shown.strip() == f"MemoryMax={704 * 1024**2}"
    finally:
        patient.run(["rm", file])
        patient.run(["systemctl", "revert", "smsotpd"])
    assert examine(patient)[1] == []


def test_a_bundle_of_a_real_machine_holds_no_secret(patient: Machine) -> None:
    user = accounts.enrol(accounts.new_account(patient))
    codes = json.loads(patient.run(["smsotpctl", "user", "recovery", user.name, "--json"]).stdout)[
        "codes"
    ]
    patient.write_text(
        "/etc/smsotp/gateways.d/secret.toml",
        'type = "http"\n[settings]\nURL = "https://h.example/?token=url-secret-71"\n'
        '[secrets]\nTOKEN = "token-secret-72"\n',
        mode=0o640,
    )
    patient.run(["chgrp", "smsotp", "/etc/smsotp/gateways.d/secret.toml"])
    patient.run(["systemctl", "reload", "smsotpd"])
    patient.run(["logger", "--tag", "smsotpd", f"to {user.phone}"])
    bundle = "/root/support.tar.gz"

    patient.run(["smsotpctl", "doctor", "--bundle", bundle], check=False)

    text = patient.run(["tar", "--extract", "--to-stdout", "--file", bundle]).stdout
    found = patient.run(["sh", "-c", r"grep -aohE '\$argon2id\$[!-~]{30,}' /var/lib/smsotp/*"])
    hashes = found.stdout.split()
    assert hashes, "the store has PIN hashes to look for"
    secrets = [accounts.PIN, "url-secret-71", "token-secret-72", user.phone, user.phone[1:],
               *codes, *hashes, *messages(user)]  # fmt: skip
    assert [secret for secret in secrets if secret in text] == []
    assert "pam-smsotp " in text
    assert "@include common-account" in text
    patient.run(["rm", "/etc/smsotp/gateways.d/secret.toml", bundle])
    patient.run(["systemctl", "reload", "smsotpd"])


def messages(user: Account) -> list[str]:
    return [*user.messages(), *user.codes()]
