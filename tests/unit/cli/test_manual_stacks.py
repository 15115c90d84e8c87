# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The PAM lines that the manual shows do what it says of them, by libpam's rules."""

import re

import pytest

from smsotpd.cli.doctor.cases import Ours
from smsotpd.cli.doctor.judgement import judge
from smsotpd.cli.pam.block import Stack, enable
from smsotpd.cli.pam.handlers import read_chain
from smsotpd.cli.pam.terminal import Terminal
from tests.static.tree import MAN_PAGES
from tests.unit.cli.pam_vectors import read, reader

DEBIAN = "debian12"
PASSWORD_BY_HAND = "auth requisite pam_unix.so\n"


def stacks(page: str) -> list[str]:
    """Return the literal blocks of a manual page that hold nothing but lines of a PAM service."""
    text = (MAN_PAGES / f"{page}.rst").read_text()
    found = re.findall(r"::\n\n((?:    .+\n)+)", text)
    return [
        re.sub(r"^    ", "", block, flags=re.MULTILINE)
        for block in found
        if all(line.strip().startswith(("auth ", "#")) for line in block.splitlines())
    ]


def words(text: str) -> list[list[str]]:
    """Return the words of each rule."""
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def granted(text: str) -> dict[tuple[Ours, bool], bool]:
    """Return who is let in: by what becomes of our step, and by whether the password is right."""
    files = reader(DEBIAN)
    chain = read_chain("shown", lambda name: text if name == "shown" else files(name))
    judgement = judge(chain, lambda _module: True)
    assert judgement.gaps == ()
    return {key: bool(value) for key, value in judgement.granted.items()}


@pytest.mark.parametrize(("number", "terminal"), list(enumerate(Terminal)))
def test_the_example_is_what_service_enable_writes(number: int, terminal: Terminal) -> None:
    shown = stacks("pam_smsotp")[number]
    written = enable(
        "sshd", read(DEBIAN, "sshd"), Stack.INSTEAD, "", reader(DEBIAN), terminal=terminal
    )
    block = written.partition("# BEGIN")[2].partition("# END")[0]
    # What else common-auth has, such as pam_cap, follows.
    ours = words("\n".join(block.splitlines()[3:]))[: len(words(shown))]
    assert words(shown) == ours


@pytest.mark.parametrize("text", [*stacks("pam_smsotp"), stacks("smsotpctl")[0]])
def test_in_place_of_the_password_the_code_alone_lets_in(text: str) -> None:
    who = granted(text)
    assert who[Ours.RIGHT, False]
    assert not who[Ours.WRONG, True]
    assert not who[Ours.DOWN, True]
    assert who[Ours.ASIDE, True]
    assert not who[Ours.ASIDE, False]


@pytest.mark.parametrize(
    "text",
    [
        read(DEBIAN, "common-auth") + stacks("smsotpctl")[1],
        PASSWORD_BY_HAND + stacks("smsotpctl")[2],
    ],
    ids=["common-auth", "by hand"],
)
def test_behind_the_password_both_are_needed(text: str) -> None:
    who = granted(text)
    assert who[Ours.RIGHT, True]
    assert not who[Ours.RIGHT, False]
    assert not who[Ours.WRONG, True]
    assert not who[Ours.DOWN, True]
