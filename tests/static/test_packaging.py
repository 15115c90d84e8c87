# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is installed beside the Python: well formed, hardened, and in agreement with itself."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.static.tool import assert_content, assert_silent
from tests.static.tree import (
    BUS_CONTRACT,
    POLKIT_ACTIONS,
    ROOT,
    UNIT,
    files,
    shell_scripts,
)

PROFILE = ROOT / "etc/apparmor.d/usr.sbin.smsotpd"
EXAMPLES = ROOT / "packaging/usr/share/pam-smsotp/examples"
# Tenths, as `systemd-analyze` takes whole numbers: of the unit, and with each example of a drop-in.
EXPOSURE_TENTHS = {"": 11, "addresses.conf": 9, "modem.conf": 13}


def polkit(path: str) -> list[ET.Element]:
    """Return elements of the shipped actions."""
    document = ET.parse(POLKIT_ACTIONS)  # noqa: S314  # our own file, not a stranger's
    return document.getroot().findall(path)


def test_xml_is_well_formed() -> None:
    documents = [path for path in files() if path.suffix in {".xml", ".policy"}]
    documents.append(ROOT / "packaging/usr/share/dbus-1/system.d/org.smsotp1.conf")
    assert_silent("xmllint", "--noout", "--nonet", *documents)


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    # The daemon is not installed on the machine that checks: another program stands in for it.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/sbin/smsotpd", "/bin/true"))
    assert_silent("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)


def test_systemd_understands_the_units_that_bring_a_modem_back(tmp_path: Path) -> None:
    # The script is an administrator's: another program stands in for it.
    for kind in ("path", "service"):
        template = (UNIT.parent / f"smsotp-modem-recover@.{kind}").read_text()
        unit = tmp_path / f"smsotp-modem-recover@gsm.{kind}"
        unit.write_text(template.replace("/etc/smsotp/modem-recover", "/bin/true"))
        unit.with_name(f"smsotp-modem-recover@.{kind}").write_text(unit.read_text())
    path = tmp_path / "smsotp-modem-recover@gsm.path"
    assert_silent("systemd-analyze", "verify", "--man=no", path)


def test_what_root_runs_for_a_modem_comes_from_no_daemon() -> None:
    service = (UNIT.parent / "smsotp-modem-recover@.service").read_text()
    [command] = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert command == "/etc/smsotp/modem-recover %i"
    assert "StartLimitBurst=" in service


@pytest.mark.parametrize("drop_in", EXPOSURE_TENTHS)
def test_the_sandbox_leaves_little_exposed(tmp_path: Path, drop_in: str) -> None:
    unit = tmp_path / UNIT.name
    more = (EXAMPLES / drop_in).read_text() if drop_in else ""
    unit.write_text(UNIT.read_text() + more)
    threshold = f"--threshold={EXPOSURE_TENTHS[drop_in]}"
    assert_content("systemd-analyze", "security", "--offline=true", threshold, unit)


def test_apparmor_understands_every_line_of_the_profile() -> None:
    # Without a kernel that has it: the features are those that the profile is written for.
    features = "/etc/apparmor.d/abi/3.0"
    asked = ("--kernel-features", features, "--features-file", features, "--warn=all", "--Werror")
    assert_silent("apparmor_parser", "--skip-kernel-load", "--skip-cache", *asked, PROFILE)


def test_shell_scripts_are_sound() -> None:
    scripts = shell_scripts()
    maintainers = {path.name for path in scripts if path.parent == ROOT / "packaging/deb"}
    ours = {"pam-smsotp.postinst", "pam-smsotp.prerm", "pam-smsotp.postrm"}
    assert maintainers == {*ours, "libpam-smsotp.prerm"}
    assert_silent("shellcheck", *scripts)


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    debian = (ROOT / "packaging/deb/changelog").read_text().splitlines()[0]
    assert debian.startswith(f"pam-smsotp ({project}) ")
    news = ROOT / "CHANGELOG.md"
    assert re.findall(r"^## \[?(\d[\w.]*)", news.read_text(), re.MULTILINE)[:1] == [project]


def test_polkit_has_an_action_for_each_that_the_bus_contract_names_and_no_other() -> None:
    # The contract names the action of a group of methods in a comment of its own before them.
    named = re.findall(r"<!-- (org\.smsotp1\.[a-z.]+) -->", BUS_CONTRACT.read_text())
    actions = polkit("action")
    assert named
    assert [action.get("id") for action in actions] == named


def test_polkit_answers_the_daemons_user_about_every_action() -> None:
    owners = [action.findtext("annotate") for action in polkit("action")]
    assert owners
    assert set(owners) == {"unix-user:smsotp"}


def test_polkit_lets_nobody_administer_without_proving_to_be_an_administrator() -> None:
    answers = {
        str(action.get("id")): {default.text for default in action.findall("defaults/*")}
        for action in polkit("action")
    }
    # Whoever enrols proves to be the owner of the account, and acts for that alone.
    assert answers.pop("org.smsotp1.self.enrol") == {"auth_self"}
    assert answers
    assert set().union(*answers.values()) <= {"auth_admin", "auth_admin_keep"}


def test_the_user_of_unit_bus_policy_and_sysusers_is_one() -> None:
    users = ROOT / "packaging/usr/lib/sysusers.d/smsotp.conf"
    policy = ROOT / "packaging/usr/share/dbus-1/system.d/org.smsotp1.conf"
    assert re.findall(r"^User=(.+)$", UNIT.read_text(), re.MULTILINE) == ["smsotp"]
    assert re.findall(r'<policy user="(.+)">', policy.read_text()) == ["smsotp"]
    assert re.findall(r"^u (\S+) ", users.read_text(), re.MULTILINE) == ["smsotp"]
