# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""docs/gateways.md says what the gateways' declarations say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from smsotpd.core.outcome import ErrorClass
from smsotpd.gateways.catalogue import GATEWAYS
from smsotpd.gateways.spec import Gateway
from smsotpd.modem.settings import TYPE as MODEM
from smsotpd.modemmanager.settings import TYPE as MODEM_MANAGER
from tests.static.tool import assert_content
from tests.static.tree import MAN_PAGES, ROOT

SCRIPT = ROOT / "packaging/gateway-docs"
PAGE = ROOT / "docs/gateways.md"
MANUAL = MAN_PAGES / "smsotp-gateways.rst"

_EACH = pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.id)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page as the script writes it now."""
    return _written(tmp_path_factory.mktemp("gateway-docs"))[0]


def _written(folder: Path) -> tuple[str, str]:
    """Return page and manual as the script writes them now."""
    page, manual = folder / "gateways.md", folder / "manual.rst"
    manual.write_text(MANUAL.read_text())
    command: list[str | Path] = [sys.executable, SCRIPT, "--output", page, "--manual", manual]
    subprocess.run(command, check=True)
    return page.read_text(), manual.read_text()


def _section(page: str, gateway: Gateway) -> str:
    return page.partition(f"\n## {gateway.title}\n")[2].partition("\n## ")[0]


def test_the_page_is_current(fresh: str) -> None:
    assert PAGE.read_text() == fresh, "run packaging/gateway-docs"


def test_the_manual_is_current_and_names_every_setting_of_every_type(tmp_path: Path) -> None:
    manual = MANUAL.read_text()
    assert manual == _written(tmp_path)[1], "run packaging/gateway-docs"
    types = {each.id: each.settings for each in GATEWAYS}
    types |= {each.type_id: each.settings for each in (MODEM, MODEM_MANAGER)}
    plain = manual.replace("\\", "")
    for name, settings in types.items():
        [section] = re.findall(rf"^\*\*{name}\*\*\n((?:    .*\n|\n)+)", plain, re.MULTILINE)
        assert re.findall(r"^    \*\*(\S+)\*\*", section, re.MULTILINE) == [
            setting.name for setting in settings
        ]


def test_it_says_what_to_do_about_every_class(fresh: str) -> None:
    for error_class in ErrorClass:
        assert f"\n| `{error_class}` | " in fresh


@_EACH
def test_it_names_every_setting_of_a_gateway_and_marks_its_secrets(
    fresh: str, gateway: Gateway
) -> None:
    lines = _section(fresh, gateway).partition("| Class | ")[0].splitlines()
    for setting in gateway.settings:
        (line,) = [each for each in lines if each.startswith(f"| `{setting.name}` |")]
        assert ("secret" in line.split(")")[0]) == setting.secret
        assert not setting.default or f"`{setting.default}` |" in line


@_EACH
def test_it_names_every_documented_failure_of_a_gateway_with_its_class(
    fresh: str, gateway: Gateway
) -> None:
    lines = _section(fresh, gateway).partition("| Class | ")[2].splitlines()
    for failure in gateway.failures:
        (line,) = [each for each in lines if each.startswith(f"| `{failure.error_class}` |")]
        assert failure.sign.replace("*", r"\*").replace("<", "&lt;") in line


@_EACH
def test_a_gateway_that_names_failures_says_how_they_were_verified(gateway: Gateway) -> None:
    assert bool(gateway.failures) <= bool(gateway.evidence.verified)


def test_the_script_is_linted_formatted_and_typed() -> None:
    assert_content("ruff", "check", "--no-cache", SCRIPT)
    assert_content("ruff", "format", "--check", "--no-cache", SCRIPT)
    assert_content("mypy", SCRIPT)
