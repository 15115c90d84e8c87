# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""docs/bus.md says what the bus contract says; the script that writes it is held like the rest."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.static.tool import assert_content
from tests.static.tree import BUS_CONTRACT, ROOT

SCRIPT = ROOT / "packaging/bus-docs"
PAGE = ROOT / "docs/bus.md"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page as the script writes it now."""
    page = tmp_path_factory.mktemp("bus-docs") / "bus.md"
    subprocess.run([sys.executable, SCRIPT, "--output", page], check=True)
    return page.read_text()


def test_the_page_is_current(fresh: str) -> None:
    assert PAGE.read_text() == fresh, "run packaging/bus-docs"


def test_it_names_every_method_with_its_arguments_in_order(fresh: str) -> None:
    contract = ET.parse(BUS_CONTRACT).getroot()  # noqa: S314  # our own file, not a stranger's
    methods = contract.findall("interface/method")
    assert methods
    position = 0
    for method in methods:
        position = fresh.index(f"### {method.get('name')}\n", position)
        heading = fresh[position:].split("\n\n")[1]
        for argument in method.findall("arg"):
            assert f"{argument.get('type')} {argument.get('name')}" in heading


def test_every_comment_of_the_contract_is_in_it(fresh: str) -> None:
    told = set(fresh.split())
    comments = re.findall(r"<!--(.*?)-->", BUS_CONTRACT.read_text(), re.DOTALL)
    assert len(comments) > 10
    assert {word for text in comments for word in text.split()} <= told


def test_the_script_is_linted_formatted_and_typed() -> None:
    assert_content("ruff", "check", "--no-cache", SCRIPT)
    assert_content("ruff", "format", "--check", "--no-cache", SCRIPT)
    assert_content("mypy", SCRIPT)
