# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds in polkit: does it know our actions, and answer the daemon."""

import pytest

from smsotpd.cli.doctor.finding import Severity
from smsotpd.cli.doctor.polkit import polkit_findings
from smsotpd.cli.host import Finished
from tests.unit.cli.fake_host import FakeHost, add_polkit


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
