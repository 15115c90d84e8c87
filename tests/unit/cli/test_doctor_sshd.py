# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in sshd's settings, for all and for those whom a Match block names."""

import pytest

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.sshd import Deadlines, judge_settings, sshd_findings
from smsotpd.cli.doctor.sshd_match import special_connections
from smsotpd.cli.host import Finished
from tests.unit.cli.fake_host import FakeHost

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
    assert finding.commands[-1] == "sshd -t && systemctl try-reload-or-restart ssh"


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


def configured(host: FakeHost, **files: str) -> None:
    """Write sshd's configuration; a name without a dot stands for a drop-in."""
    etc = host.places.root / "etc" / "ssh"
    (etc / "sshd_config.d").mkdir(parents=True, exist_ok=True)
    (etc / "sshd_config").write_text(files.pop("main", "Include /etc/ssh/sshd_config.d/*.conf\n"))
    for name, text in files.items():
        (etc / "sshd_config.d" / f"{name}.conf").write_text(text)


def special(host: FakeHost) -> list[tuple[str, str]]:
    return [
        (each.where.removeprefix("/etc/ssh/"), each.options) for each in special_connections(host)
    ]


def effective(**changes: str) -> Finished:
    settings = GOOD_SSHD | changes
    return Finished(0, "".join(f"{key} {value}\n" for key, value in settings.items()))


def test_a_match_block_is_looked_at_by_a_connection_of_its_kind(host: FakeHost) -> None:
    configured(
        host,
        x="UsePAM yes\nMatch User deploy,ci Address 10.0.0.0/8\nKbdInteractiveAuthentication no\n",
    )
    host.answers["sshd -T"] = effective()
    host.answers["sshd -T -C user=deploy,host=localhost,addr=10.0.0.1"] = effective(
        kbdinteractiveauthentication="no"
    )

    (finding,) = sshd_findings(host, Deadlines(40, 120))

    assert finding.where == "/etc/ssh/sshd_config.d/x.conf:2"
    assert "nobody can answer" in finding.what
    # A drop-in for all heals no Match block, which overrules it.
    assert finding.commands == ()
    assert finding.remedy == "in this Match block, write: KbdInteractiveAuthentication yes"


def test_match_blocks_are_found_wherever_include_leads(host: FakeHost) -> None:
    more = host.places.root / "srv"
    more.mkdir()
    (more / "deep").write_text("match user=deep\n")
    configured(
        host,
        main='include "sshd_config.d/*.conf" /srv/deep\nInclude=/srv/gone\nMatch all\n',
        a="# Match User commented\nMatch User shallow # yes\nInclude /etc/ssh/sshd_config\n",
    )
    (host.places.root / "etc/ssh/sshd_config.d/.hidden.conf").write_text("Match User hidden\n")

    found = dict.fromkeys(special(host))

    rest = "host=localhost,addr=192.0.2.1"
    assert list(found) == [
        ("sshd_config.d/a.conf:2", f"user=shallow,{rest}"),
        ("/srv/deep:1", f"user=deep,{rest}"),
    ]


@pytest.mark.parametrize(
    ("criteria", "connection"),
    [
        ("Address *", "user=root,host=localhost,addr=192.0.2.1"),
        ("Address 10.0.0.0/8,!10.0.0.0/9", "user=root,host=localhost,addr=10.255.255.254"),
        ("Address 10.1.*", "user=root,host=localhost,addr=10.1.1.1"),
        ("Address 2001:db8::/32", "user=root,host=localhost,addr=2001:db8::1"),
        ("LocalPort 2222 LocalAddress 127.0.0.1",
         "user=root,host=localhost,addr=192.0.2.1,lport=2222,laddr=127.0.0.1"),
        ("Host *.example.org", "user=root,host=x.example.org,addr=192.0.2.1"),
        ("User !root,deploy-*", "user=deploy-x,host=localhost,addr=192.0.2.1"),
        ("Group sftp", "user=carol,host=localhost,addr=192.0.2.1"),
        ("Group sftp User d*", "user=dave,host=localhost,addr=192.0.2.1"),
        ("group=w*,!wheel", "user=www,host=localhost,addr=192.0.2.1"),
        ("invalid-user User carol", "user=carol,host=localhost,addr=192.0.2.1"),
    ],
)  # fmt: skip
def test_each_criterion_is_met_by_the_connection(
    criteria: str, connection: str, host: FakeHost
) -> None:
    host.answers["getent group"] = Finished(0, "wheel:x:7:root\nsftp:x:8:carol,dave\nwww:x:33:\n")
    host.answers["getent passwd"] = Finished(0, "root:x:0:0::/:\nwww:x:33:33::/:\n")
    configured(host, a=f"Match {criteria}\n")

    assert special(host) == [("sshd_config.d/a.conf:1", connection)]


@pytest.mark.parametrize("criteria", ["all", "Group nobodys", "User root Group sftp", ""])
def test_a_block_that_is_about_all_or_nobody_makes_no_special_connection(
    criteria: str, host: FakeHost
) -> None:
    host.answers["getent group"] = Finished(0, "nobodys:x:9:\nsftp:x:8:carol\n")
    configured(host, a=f"Match {criteria}\n")

    assert special(host) == []


def test_a_connection_that_sshd_does_not_take_is_no_broken_configuration(host: FakeHost) -> None:
    configured(host, a="Match RDomain x\n", b="Match User b\n")
    host.answers["sshd -T"] = effective()
    host.answers["sshd -T -C user=root,host=localhost,addr=192.0.2.1,rdomain=x"] = Finished(
        255, "", "no such domain\n"
    )
    host.answers["sshd -T -C user=b,host=localhost,addr=192.0.2.1"] = effective(usepam="no")

    first, second = sshd_findings(host, Deadlines(40, 120))

    assert (first.severity, first.where) == (
        Severity.WARNING, "/etc/ssh/sshd_config.d/a.conf:1",
    )  # fmt: skip
    assert "no such domain" in first.what
    assert "does not use PAM" in second.what


@pytest.mark.parametrize(
    ("done", "severity", "what"),
    [
        (Finished(127, "", "sshd: not found"), Severity.NOTE, "sshd is not installed"),
        (
            Finished(255, "", "Missing privilege separation directory: /run/sshd\n"),
            Severity.WARNING,
            "has not run since the machine was started",
        ),
    ],
)
def test_an_sshd_that_is_not_there_or_not_up_is_no_broken_configuration(
    done: Finished, severity: Severity, what: str, host: FakeHost
) -> None:
    host.answers["sshd -T"] = done

    (finding,) = sshd_findings(host, Deadlines())

    assert finding.severity is severity
    assert what in finding.what


def test_an_sshd_that_does_not_start_is_an_error(host: FakeHost) -> None:
    host.answers["sshd -T"] = Finished(255, "", "x.conf line 3: Bad configuration option: Frob\n")

    (finding,) = sshd_findings(host, Deadlines())

    assert finding.severity is Severity.ERROR
    assert "line 3" in finding.what
