# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The manual: it is built without a warning, and it knows what the programs know."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.main import program
from tests.static.tool import assert_silent
from tests.static.tree import MAN_PAGES, UNIT

PAGES = sorted(MAN_PAGES.glob("*.rst"))
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def commands(command: click.Command, words: str = "") -> Iterator[tuple[str, click.Command]]:
    """Walk through the commands that do something, with the words that call them."""
    if not isinstance(command, click.MultiCommand):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from commands(found, f"{words} {name}".strip())


COMMANDS = dict(commands(program))


@each_page
def test_a_page_is_built_and_shown_without_a_warning(page: Path, tmp_path: Path) -> None:
    roff = tmp_path / page.with_suffix(".man").name
    assert_silent("rst2man", "--strict", page, roff)
    assert_silent("groff", "-man", "-t", "-Tutf8", "-Kutf8", "-ww", "-z", roff)


@each_page
def test_a_page_names_its_section(page: Path) -> None:
    assert re.search(r"^:Manual section: [158]$", page.read_text(), re.MULTILINE)


@each_page
def test_a_page_of_ours_that_another_names_exists_in_that_section(page: Path) -> None:
    named = re.findall(r"\*\*((?:pam_)?smsotp[\w.-]*)\*\*\\?\((\d)\)", page.read_text())
    sections = {page.stem: page.read_text() for page in PAGES}
    for name, section in named:
        assert f":Manual section: {section}\n" in sections[name], name


def test_the_unit_points_at_pages_that_exist() -> None:
    [listed] = re.findall(r"^Documentation=(.+)$", UNIT.read_text(), re.MULTILINE)
    pages = re.findall(r"man:([\w.-]+)\(\d\)", listed)
    assert pages
    assert [page for page in pages if not (MAN_PAGES / f"{page}.rst").exists()] == []


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_and_each_of_its_options_is_described(words: str) -> None:
    page = (MAN_PAGES / "smsotpctl.rst").read_text()
    headings = [line for line in page.splitlines() if re.search(rf"\*\*{words}\*\*", line)]
    assert headings, words
    everywhere = {"--help", "--json"}
    options = {
        option
        for parameter in COMMANDS[words].params
        for option in parameter.opts
        if option.startswith("-")
    }
    undescribed = {
        option
        for option in options - everywhere
        if not any(re.search(rf"\*\*{option}\b", line) for line in headings)
    }
    assert undescribed == set()


def test_no_command_is_described_that_does_not_exist() -> None:
    page = (MAN_PAGES / "smsotpctl.rst").read_text()
    described = {
        words
        for line in page.splitlines()
        for words in re.findall(r"\*\*((?:gateway|user|service) [a-z]+)\*\*", line)
    }
    assert described
    assert described <= COMMANDS.keys()


def test_the_synopsis_names_every_command() -> None:
    page = (MAN_PAGES / "smsotpctl.rst").read_text()
    synopsis = page.partition("SYNOPSIS")[2].partition("DESCRIPTION")[0]
    line = re.compile(
        r"^\| \*\*smsotpctl\*\*(?: \[\*\*--json\*\*\])? \*\*(\w+)\*\*(.*)$", re.MULTILINE
    )
    named = {
        f"{noun} {verb}"
        for noun, verbs in line.findall(synopsis)
        for verb in ("", *re.findall(r"\*\*([\w-]+)\*\*", verbs))
    }
    two_words = {" ".join((*words.split(), "")[:2]) for words in COMMANDS}
    assert two_words - named == set()


def test_every_exit_code_is_described() -> None:
    page = (MAN_PAGES / "smsotpctl.rst").read_text()
    listed = page.partition("EXIT STATUS")[2].partition("FILES")[0]
    assert {int(code) for code in re.findall(r"^(\d+)$", listed, re.MULTILINE)} == set(Exit)
