# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in PAM stacks, and that its changes heal them.

That the evaluator itself is right is proved against libpam in tests/pam/libpam.
"""

import subprocess
from pathlib import Path

import pytest

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.stacks import Stacks, service_reports, stack_findings
from smsotpd.cli.pam.block import Stack, enable
from smsotpd.cli.pam.terminal import Terminal
from tests.unit.cli.fake_host import FakeHost, install_native
from tests.unit.cli.pam_vectors import UNDERSTOOD, read, reader

OURS = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py"
REST = "account required pam_nologin.so\n@include common-account\n@include common-session\n"


def write(host: FakeHost, service: str, text: str) -> None:
    (host.places.pam / service).write_text(text)


def findings(host: FakeHost) -> list[Finding]:
    return list(stack_findings(Stacks(host)))


def errors(host: FakeHost) -> list[Finding]:
    return [finding for finding in findings(host) if finding.severity is Severity.ERROR]


def apply(host: FakeHost, diff: str) -> None:
    """Apply a diff as an administrator would, with the machine's own directory for /etc/pam.d."""
    here = diff.replace("a/etc/pam.d/", "a/pam.d/").replace("b/etc/pam.d/", "b/pam.d/")
    subprocess.run(
        ["git", "apply", "-p1", "-"], input=here, text=True, check=True, cwd=host.places.root
    )


@pytest.mark.parametrize(
    ("service", "stack"),
    [
        (service, stack)
        for service in UNDERSTOOD
        for stack in Stack
        # It asks for the password in a substack, which a code cannot follow.
        if (service, stack) != ("cockpit", Stack.AFTER)
    ],
)
def test_nothing_is_wrong_with_what_service_enable_writes(
    service: str, stack: Stack, host: FakeHost
) -> None:
    write(host, service, enable(service, read("debian12", service), stack, "", reader("debian12")))

    assert errors(host) == []


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (f"@include common-auth\nauth optional {OURS}", "although the code was wrong"),
        (f"@include common-auth\nauth sufficient {OURS}", "although the code was wrong"),
        (
            f"@include common-auth\nauth [success=ok default=ignore] {OURS}",
            "although the code was wrong",
        ),
        (
            f"@include common-auth\nauth [authinfo_unavail=ignore default=die success=ok] {OURS}",
            "While the daemon is down, sshd lets in by the password alone",
        ),
        (
            f"auth sufficient pam_unix.so\nauth requisite {OURS}\nauth required pam_deny.so",
            "without asking for a code",
        ),
        (f"auth requisite pam_deny.so\nauth required {OURS}", "never asks for a code"),
        (f"auth sufficient {OURS}\nauth required pam_permit.so", "Anybody gets into sshd"),
        (f"auth optional {OURS}\nauth required pam_permit.so", "Anybody gets into sshd"),
        (f"auth required {OURS}\nauth required pam_permit.so", "leaves aside get into sshd"),
        (f"auth [success=3 default=die] {OURS}\n@include common-auth", "Nobody gets into sshd"),
        (f"auth [success=9 default=die] {OURS}\n@include common-auth", "Nobody gets into sshd"),
        (f"auth compulsory {OURS}\n@include common-auth", "Nobody gets into sshd"),
        (f"auth required {OURS}\nauth required pam_deny.so", "Nobody gets into sshd"),
        (f"@include common-nowhere\nauth requisite {OURS}", "libpam does not understand the line"),
        (f"authx requisite pam_x.so\n@include common-auth\nauth requisite {OURS}", "“authx”"),
    ],
)
def test_a_mistake_is_found_and_the_proposed_change_heals_it(
    lines: str, what: str, host: FakeHost
) -> None:
    write(host, "sshd", f"{lines}\n{REST}")

    found = errors(host)

    assert any(what in finding.what for finding in found), found
    diffs = {finding.diff for finding in found if finding.diff}
    if not diffs:
        assert all(finding.remedy for finding in found)
        return
    (diff,) = diffs
    apply(host, diff)
    assert errors(host) == []


@pytest.mark.parametrize(
    "lines",
    [
        f"@include common-auth\nauth optional {OURS}",
        f"@include common-auth\nauth sufficient {OURS}",
        f"@include common-auth\nauth [success=ok default=ignore] {OURS}",
        f"auth sufficient pam_unix.so\nauth requisite {OURS}\nauth required pam_deny.so",
        f"auth [success=3 default=die] {OURS}\n@include common-auth",
        f"auth compulsory {OURS}\n@include common-auth",
    ],
)
def test_a_change_is_proposed_for_the_usual_mistakes(lines: str, host: FakeHost) -> None:
    write(host, "sshd", f"{lines}\n{REST}")

    (diff,) = {finding.diff for finding in errors(host)}

    apply(host, diff)
    assert errors(host) == []


def test_an_edited_line_of_our_block_becomes_what_service_enable_writes(host: FakeHost) -> None:
    enabled = enable("sshd", read("debian12", "sshd"), Stack.INSTEAD, "", reader("debian12"))
    edited = enabled.replace("success=1 ignore=ignore default=die", "success=1 default=ignore")
    assert edited != enabled
    write(host, "sshd", edited)

    (finding,) = errors(host)

    apply(host, finding.diff)
    assert (host.places.pam / "sshd").read_text() == enabled


def test_our_module_in_common_auth_is_an_error_with_the_line_to_remove(host: FakeHost) -> None:
    text = (host.places.pam / "common-auth").read_text()
    write(host, "common-auth", f"{text}auth required {OURS}\n")

    found = [each for each in errors(host) if "common-auth must not run" in each.what]

    assert len(set(found)) == 1
    apply(host, found[0].diff)
    assert errors(host) == []


def test_the_native_terminal_in_common_auth_is_no_error_and_neither_are_those_who_include_it(
    host: FakeHost,
) -> None:
    install_native(host)
    text = (host.places.pam / "common-auth").read_text()
    write(host, "common-auth", f"{text}auth requisite pam_smsotp.so\n")

    assert "auth" in (host.places.pam / "cron").read_text()
    assert errors(host) == []


def test_the_native_terminal_in_su_is_no_error(host: FakeHost) -> None:
    install_native(host)
    native = enable(
        "su", read("debian12", "su"), Stack.INSTEAD, "", reader("debian12"),
        terminal=Terminal.NATIVE,
    )  # fmt: skip
    write(host, "su", native)

    assert errors(host) == []


def test_our_module_in_su_is_an_error_with_the_line_to_remove(host: FakeHost) -> None:
    before = (host.places.pam / "su").read_text()
    write(host, "su", f"{before}auth required {OURS}\n")

    (finding,) = errors(host)

    assert "su must not run our module: its program is set-user-ID" in finding.what
    apply(host, finding.diff)
    assert (host.places.pam / "su").read_text() == before


def test_a_missing_module_says_what_to_install(host: FakeHost) -> None:
    write(host, "sshd", f"@include common-auth\nauth requisite {OURS}\n{REST}")
    (host.places.libraries[0] / "security" / "pam_python.so").unlink()

    (finding,) = errors(host)

    assert "not installed" in finding.what
    assert finding.commands == ("apt-get install --yes libpam-python",)
    assert finding.where == "/etc/pam.d/sshd:2"


def test_an_exemption_by_another_rule_is_a_warning(host: FakeHost) -> None:
    write(
        host,
        "sshd",
        f"auth sufficient pam_succeed_if.so user ingroup robots\n@include common-auth\n"
        f"auth requisite {OURS}\n{REST}",
    )
    (host.places.libraries[0] / "security" / "pam_succeed_if.so").write_bytes(b"")

    (finding,) = findings(host)

    assert finding.severity is Severity.WARNING
    assert "a rule of its own" in finding.what


def test_a_code_after_a_wrong_password_is_a_warning(host: FakeHost) -> None:
    write(host, "sshd", f"auth required pam_unix.so\nauth required {OURS}\n{REST}")

    (finding,) = findings(host)

    assert finding.severity is Severity.WARNING
    assert "after a wrong password" in finding.what


def test_fail_ignore_is_no_mistake_and_is_told(host: FakeHost) -> None:
    write(host, "sshd", f"@include common-auth\nauth requisite {OURS} fail=ignore\n{REST}")

    assert errors(host) == []
    sentences = {each.service: each.sentence for each in service_reports(Stacks(host))}
    assert "While the daemon is down, the password is enough." in sentences["sshd"]
    assert "asks for no code" in sentences["sudo"]


def test_all_ways_that_close_with_the_daemon_are_a_warning(host: FakeHost) -> None:
    for name in ("gdm-password", "lightdm", "sddm"):
        (host.places.pam / name).unlink()
    for service in ("sshd", "login"):
        text = read("debian12", service)
        write(host, service, enable(service, text, Stack.INSTEAD, "", reader("debian12")))

    (finding,) = findings(host)

    assert "the console included" in finding.what
    assert finding.commands == ("smsotpctl service disable login",)


def test_a_policy_without_a_pin_in_a_stack_without_a_password_is_a_warning(
    host: FakeHost,
) -> None:
    text = read("debian12", "sshd")
    write(host, "sshd", enable("sshd", text, Stack.INSTEAD, "", reader("debian12")))
    host.places.policies.mkdir()
    (host.places.policies / "x.toml").write_text('[policy.sshd]\nfactors = ["code"]\n')

    (finding,) = findings(host)

    assert "asks for the code alone" in finding.what


def test_an_edited_block_is_restored_from_the_backup(host: FakeHost, tmp_path: Path) -> None:
    text = read("debian12", "sshd")
    enabled = enable("sshd", text, Stack.INSTEAD, "", reader("debian12"))
    write(host, "sshd", enabled.replace("# END pam-smsotp", "# the end"))
    host.places.backups.mkdir()
    (host.places.backups / "sshd.20260101T000000.000000Z").write_text(text)

    (finding,) = findings(host)

    assert "was edited" in finding.what
    assert finding.commands[0].startswith("install --mode=644 ")
    assert str(tmp_path) in finding.commands[0]


def test_a_sudo_i_that_goes_past_sudo_is_a_warning_with_the_command(host: FakeHost) -> None:
    for service in ("sudo", "sudo-i"):
        write(host, service, read("debian12", service))
    assert findings(host) == []
    for stack, option in ((Stack.INSTEAD, ""), (Stack.AFTER, " --stack after")):
        asking = enable("sudo", read("debian12", "sudo"), stack, "", reader("debian12"))
        write(host, "sudo", asking)
        [finding] = findings(host)
        assert finding.severity is Severity.WARNING
        assert "sudo -i does not" in finding.what
        assert finding.commands == (
            f"smsotpctl service enable sudo-i{option} --terminal python --confirm",
        )
    write(host, "sudo-i", enable("sudo-i", read("debian12", "sudo-i"), Stack.AFTER, "",
                                 reader("debian12")))  # fmt: skip
    assert findings(host) == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("remember_hours = 12", "For 12 h after a whole login, the PIN is enough from the same"),
        (
            'factors = ["code"]\nremember_hours = 12',
            "For 12 h after a whole login, the password is enough from the same",
        ),
        ('trusted_networks = ["10.0.0.0/8"]', "From 10.0.0.0/8, the PIN is enough."),
        (
            'factors = ["code"]\ntrusted_networks = ["10.0.0.0/8", "::1"]',
            "From 10.0.0.0/8, ::1, the password is enough.",
        ),
        ('exempt_groups = ["ci", "old"]', "leaves aside members of ci, old."),
        ('unenrolled = "ignore"', "leaves aside users who are not enrolled."),
        ('unenrolled = "allow-until 2027-01-31"', "are not enrolled, until 2027-01-31."),
        (
            'remember_hours = 1\nrequired_groups = ["sudo"]',
            "Members of sudo are asked for everything wherever they come from.",
        ),
    ],
)
def test_the_account_says_whom_the_policy_asks_for_less(
    policy: str, said: str, host: FakeHost
) -> None:
    enabled = enable("sshd", read("debian12", "sshd"), Stack.AFTER, "", reader("debian12"))
    write(host, "sshd", enabled)
    host.places.policies.mkdir()

    def account() -> str:
        reports = {each.service: each.sentence for each in service_reports(Stacks(host))}
        return reports["sshd"]

    before = account()
    (host.places.policies / "a.toml").write_text(f"[policy.default]\n{policy}\n")
    assert account().startswith(before)
    assert said in account()
    (host.places.policies / "b.toml").write_text(
        "[policy.sshd]\nremember_hours = 0\ntrusted_networks = []\nexempt_groups = []\n"
        'unenrolled = "deny"\n'
    )
    assert account() == before


def test_a_stack_that_stops_where_we_stand_aside_lets_nobody_in_from_a_remembered_host(
    host: FakeHost,
) -> None:
    write(host, "sshd", f"auth requisite {OURS}\n{REST}")
    host.places.policies.mkdir()
    (host.places.policies / "a.toml").write_text(
        '[policy.sshd]\nfactors = ["code"]\nremember_hours = 2\n'
    )

    (said,) = [each.sentence for each in service_reports(Stacks(host)) if each.service == "sshd"]

    assert "For 2 h after a whole login, nobody gets in from the same address." in said
