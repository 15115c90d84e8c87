# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl doctor`: its exit status, its two forms, and a bundle without secrets."""

import json
import re
import tarfile
from pathlib import Path

import pytest

from smsotpd.cli.doctor.redaction import redacted_configuration, redacted_text
from smsotpd.cli.host import Finished
from tests.bus.private_bus import ROOT
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, add_polkit

SECRETS = (
    "hunter2-of-anna", "4711", "+491701234567", "491701234567", "1701234567", "654321",
    "$argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "c2FsdHNhbHQ",
    "sk-live-0123456789abcdef0123456789", "topsecret", "anna@example.org", "s3cr3t-pass",
    "+49 170 1234567",
)  # fmt: skip


@pytest.fixture
def well(ready: Shell, host: FakeHost) -> Shell:
    """Return a shell on a machine where nothing is wrong."""
    for path in ("usr/share/dbus-1/system.d/org.smsotp1.conf",
                 "usr/share/dbus-1/system-services/org.smsotp1.service"):  # fmt: skip
        file = host.places.root / path
        file.parent.mkdir(parents=True)
        file.touch()
    add_polkit(host)
    return ready


def test_a_machine_where_all_is_well_has_status_0(well: Shell) -> None:
    result = well.run("doctor")

    assert result.exit_code == 0
    assert "Nothing is wrong." in result.output


def test_a_warning_has_status_1_and_an_error_2(well: Shell, host: FakeHost) -> None:
    host.answers["timedatectl"] = Finished(0, "NTPSynchronized=no\n")
    assert well.run("doctor").exit_code == 1

    host.answers["smsotpd --check"] = Finished(78, "", "smsotpd.toml:1: no\n")
    result = well.run("doctor")

    assert result.exit_code == 2
    assert result.output.index("Errors") < result.output.index("Warnings")


def test_usage_errors_and_other_users_have_a_status_that_means_no_finding(
    well: Shell, host: FakeHost
) -> None:
    assert well.run("doctor", "--frobnicate").exit_code == 3
    object.__setattr__(host, "root", False)
    assert well.run("doctor").exit_code == 3


def test_json_has_services_findings_and_status(well: Shell, host: FakeHost) -> None:
    (host.places.pam / "sshd").write_text(
        "@include common-auth\nauth optional pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py\n"
    )

    result = well.run("doctor", "--json")
    report = json.loads(result.output)

    assert result.exit_code == report["status"] == 2
    service = next(each for each in report["services"] if each["service"] == "sshd")
    assert service["granted"]["wrong code, right password"] is True
    assert service["granted"]["wrong code, wrong password"] is False
    finding = next(each for each in report["findings"] if "wrong" in each["what"])
    assert finding["where"] == "/etc/pam.d/sshd:2"
    assert finding["diff"].startswith("--- a/etc/pam.d/sshd\n")


def test_json_has_the_fields_that_the_manual_names(well: Shell, host: FakeHost) -> None:
    (host.places.pam / "sshd").write_text(
        "@include common-auth\nauth optional pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py\n"
    )
    page = (ROOT / "docs/man/smsotpctl.rst").read_text()
    described = page.partition("With **--json**, it prints one object:")[2].partition("\n\n")[0]

    report = json.loads(well.run("doctor", "--json").output)

    [service, *_], [finding, *_] = report["services"], report["findings"]
    named = set(re.findall(r"\*(\w+)\*", described)) - {"error", "warning", "note"}
    assert named == report.keys() | service.keys() | finding.keys()
    assert all(each.keys() == service.keys() for each in report["services"])
    assert all(each.keys() == finding.keys() for each in report["findings"])
    assert {each["severity"] for each in report["findings"]} <= {"error", "warning", "note"}


def test_a_bundle_holds_what_support_needs_and_no_secret(
    well: Shell, host: FakeHost, daemon: FakeDaemon, tmp_path: Path
) -> None:
    etc = host.places.root / "etc" / "smsotp"
    (etc / "gateways.d").mkdir(parents=True)
    host.places.policies.mkdir()
    (etc / "smsotpd.toml").write_text(
        '[limits]\nlock_seconds = 99\n[notify.a]\nto = ["sms:+491701234567", "anna@example.org"]\n'
        'text = "topsecret"\n[smtp.office]\npassword = "s3cr3t-pass"\nport = 4711\n'
        '[policy.sshd]\nfactors = ["code"]\ncode_prompt = "hunter2-of-anna"\n'
    )
    (etc / "gateways.d" / "x.toml").write_text(
        'type = "http"\nenabled = true\n[settings]\nURL = "https://x/?key=topsecret"\nPIN = 4711\n'
        '[secrets]\nTOKEN = "sk-live-0123456789abcdef0123456789"\n'
    )
    (host.places.policies / "broken.toml").write_text('password = "hunter2-of-anna\n')
    (host.places.pam / "ldap").write_text("auth required pam_mysql.so passwd=hunter2-of-anna\n")
    host.answers["journalctl --unit=smsotpd.service"] = Finished(
        0,
        "2026-01-01T10:00:00+0000 smsotpd[7]: to +49 170 1234567, 491701234567: code 654321\n"
        "2026-01-01T10:00:01+0000 smsotpd[7]: $argon2id$v=19$m=47104,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2"
        "hoYXNo token=sk-live-0123456789abcdef0123456789 https://u:s3cr3t-pass@x/?k=topsecret\n",
    )
    daemon.users["anna"] |= {"phone": "+491701234567"}
    file = tmp_path / "support.tar.gz"

    result = well.run("doctor", "--bundle", str(file))

    assert result.exit_code == 2, "files of a gateway that everybody may read"
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        texts = {
            member.name.partition("/")[2]: content.read()
            for member in archive.getmembers()
            if (content := archive.extractfile(member)) is not None
        }
    whole = b"\n".join(texts.values()).decode()
    assert [secret for secret in SECRETS if secret in whole] == []
    assert {"doctor.json", "versions.txt", "unit.json", "daemon.json", "journal.txt",
            "pam.d/sshd", "configuration/smsotpd.toml.json",
            "gateways.d/x.toml.json"} <= texts.keys()  # fmt: skip
    kept = json.loads(texts["configuration/smsotpd.toml.json"])
    assert kept["limits"] == {"lock_seconds": 99}
    assert kept["policy"]["sshd"]["factors"] == ["code"]
    assert b"2026-01-01T10:00:00+0000" in texts["journal.txt"]


def test_a_bundle_replaces_no_file(well: Shell, tmp_path: Path) -> None:
    file = tmp_path / "there"
    file.write_text("mine")

    result = well.run("doctor", "--bundle", str(file))

    assert result.exit_code == 3
    assert file.read_text() == "mine"


def test_a_configuration_is_replaced_but_for_limits_and_words() -> None:
    text = '[x]\nmode = "auto"\nname = "anna"\nnumber = 123456\n[limits]\nsends_per_day = 5000\n'

    assert redacted_configuration(text, is_gateway=False) == {
        "x": {"mode": "auto", "name": "(removed)", "number": "(removed)"},
        "limits": {"sends_per_day": 5000},
    }
    assert redacted_configuration(text, is_gateway=True) == {
        "x": {"mode": "(removed)", "name": "(removed)", "number": "(removed)"},
        "limits": {"sends_per_day": "(removed)"},
    }


@pytest.mark.parametrize(
    "harmless",
    [
        "auth\trequisite\tpam_python.so /usr/lib/pam-smsotp/pam_smsotp.py mode=two-attempt",
        "auth [success=1 default=ignore] pam_unix.so nullok",
        "2026-01-01T10:00:00+0000 smsotpd[1234]: anna was let in to sshd",
    ],
)
def test_harmless_text_stays(harmless: str) -> None:
    assert redacted_text(harmless) == harmless
