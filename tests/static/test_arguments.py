# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""No address of a user is an argument of smsotpctl: everybody on a machine can read those."""

import re
from pathlib import Path
from typing import Final

import click
import pytest

from smsotpd.cli.descriptor import Descriptor
from tests import pages
from tests.static.test_manual import COMMANDS
from tests.static.tree import MAN_PAGES, ROOT

# Every parameter that takes any text. None of them is for an address of somebody's; of a new one,
# whoever puts it here has thought about that.
FREE_TEXTS: Final = {
    "enrolment": "a random name",
    "gateway": "a gateway's name",
    "gateway_name": "a gateway's name",
    "name": "the name of a user, gateway or service",
    "plain": "a gateway's setting that is no secret",
    "reason": "why the glass is broken, for the journal",
    "rhost": "the network address that a login comes from",
    "secret": "the name of a gateway's secret setting, and a descriptor",
    "service": "a service's name",
    "type_id": "a gateway type's name",
    "undo": "a service's name",
    "unset": "the name of a gateway's setting",
    "user": "a user's name",
    "user_name": "a user's name",
    "waiting": "a random name",
}
NEED_AN_ADDRESS: Final = {
    "gateway test": "--to-fd",
    "modem send-test": "--to-fd",
    "self enrol": "--address-fd",
    "self number": "--address-fd",
    "setup": "--address-fd",
    "user enrol": "--address-fd",
}
NUMBER: Final = re.compile(r"\+\d{5,}|(?<=\s)@\w+|[\w.]+@[\w.]+\.example\b")
TYPED: Final = [*pages.pages(), *sorted(MAN_PAGES.glob("*.rst")),
                *sorted(pages.TRANSCRIPTS.glob("*.txt"))]  # fmt: skip


def free_texts(command: click.Command) -> set[str]:
    """Return the names of the parameters that take any text."""
    return {
        str(each.name)
        for each in command.params
        if each.type is click.STRING and not (isinstance(each, click.Option) and each.is_flag)
    }


def typed(page: Path) -> list[str]:
    """Return what a page tells people to type, or saw somebody type."""
    text = page.read_text()
    if page.suffix == ".rst":
        return re.findall(r"^ {4,}(\S.*)$", text.replace("\\\n", " "), re.MULTILINE)
    if page.suffix == ".txt":
        return re.findall(r"^[#$] (.*)$", text, re.MULTILINE)
    return [*pages.lines(page), *pages.mentions(page)]


@pytest.mark.parametrize("words", COMMANDS)
def test_no_parameter_is_for_an_address(words: str) -> None:
    assert free_texts(COMMANDS[words]) <= set(FREE_TEXTS)


@pytest.mark.parametrize("words", NEED_AN_ADDRESS)
def test_an_address_comes_by_a_descriptor(words: str) -> None:
    [given] = [each for each in COMMANDS[words].params if NEED_AN_ADDRESS[words] in each.opts]
    assert isinstance(given.type, Descriptor)


def test_nobody_else_takes_one() -> None:
    takers = {
        words
        for words, command in COMMANDS.items()
        if {"--address-fd", "--to-fd"} & {name for each in command.params for name in each.opts}
    }
    assert takers == set(NEED_AN_ADDRESS)


@pytest.mark.parametrize("page", TYPED, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_shows_an_address_in_a_command(page: Path) -> None:
    commands = [each for each in typed(page) if re.search(r"smsotpctl|gateway test|enrol", each)]
    assert [each for each in commands if NUMBER.search(each)] == []


def test_an_address_in_a_command_would_be_seen() -> None:
    assert NUMBER.search("smsotpctl gateway test sms --to +491701234567")
    assert NUMBER.search("smsotpctl gateway test telegram --to @you")
    assert NUMBER.search("smsotpctl user enrol ada --channel xmpp --address ada@xmpp.example")
    assert not NUMBER.search("smsotpctl gateway configure x --set-secret KEY=@3 --set A=+1")
    assert any("smsotpctl user enrol" in each for each in typed(MAN_PAGES / "smsotpctl.rst"))
    assert any("smsotpctl setup" in each for each in typed(ROOT / "README.md"))
    assert any("smsotpctl setup" in each for each in typed(pages.TRANSCRIPTS / "setup.txt"))
