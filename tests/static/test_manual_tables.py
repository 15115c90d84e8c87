# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The manual lists what the programs' own tables hold: options, arguments, keys, events.

Options of smsotpctl are in test_manual.py, keys with a default in tests/unit/config.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from pam_smsotp.arguments import Arguments, parse_arguments
from pam_smsotp.verdict import OUTCOMES
from smsotpd.config.schema import NOTIFY, ROUTE, SMTP, Key
from smsotpd.core.notification import EVENT_KINDS
from tests.static.tree import MAN_PAGES, ROOT


def page(name: str) -> str:
    return (MAN_PAGES / f"{name}.rst").read_text()


def section(text: str, title: str) -> str:
    """Return what stands under a title, up to the next one."""
    body = re.split(rf"^{re.escape(title)}\n=+\n", text, maxsplit=1, flags=re.MULTILINE)[1]
    return re.split(r"^\S.*\n=+\n", body, maxsplit=1, flags=re.MULTILINE)[0]


def headings(text: str) -> list[str]:
    """Return the words in bold that begin an entry."""
    lines = re.findall(r"^(\*\*\w.*)$", text, re.MULTILINE)
    return [word for line in lines for word in re.findall(r"\*\*([^*]+)\*\*", line)]


def test_every_option_of_the_daemon_is_described_and_no_other() -> None:
    command = [sys.executable, "-m", "smsotpd.main", "--help"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'daemon'}"}
    shown = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    known = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", shown.stdout, re.MULTILINE)) - {"--help"}
    described = re.findall(r"^\*\*(--[a-z-]+)\*\*", page("smsotpd"), re.MULTILINE)
    assert len(known) > 3
    assert sorted(known) == sorted(described)


def test_every_argument_of_the_module_is_described_and_understood() -> None:
    described = headings(section(page("pam_smsotp"), "ARGUMENTS"))
    names = {word.partition("=")[0] for word in described}
    values = {"mode": "auto", "fail": "deny", "timeout": "40"}
    for name in names & values.keys():
        parse_arguments([f"{name}={values[name]}"])
    slots = {"fail" if slot == "fail_ignore" else slot for slot in Arguments.__slots__}
    assert slots <= names
    # The rest are the values of mode= and fail=.
    assert names - slots == {"two-attempt", "auto", "ignore"}


def test_every_return_value_in_the_manual_is_one_that_the_module_returns() -> None:
    described = headings(section(page("pam_smsotp"), "RETURN VALUES"))
    assert "PAM_SUCCESS" in described
    assert set(described) <= OUTCOMES


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        (r"[route.\ *NAME*\ ]", ROUTE),
        (r"[notify.\ *NAME*\ ]", NOTIFY),
        (r"[smtp.\ *NAME*\ ]", SMTP),
    ],
)
def test_every_key_without_a_default_is_described_and_no_other(
    title: str, keys: Mapping[str, Key]
) -> None:
    assert sorted(headings(section(page("smsotpd.toml"), title))) == sorted(keys)


def test_every_kind_of_event_is_named() -> None:
    text = section(page("smsotpd.toml"), r"[notify.\ *NAME*\ ]")
    entry = text.partition("**events**")[2].partition("**to**")[0]
    named = re.findall(r"\*([a-z-]+)\*", entry.replace("**", ""))
    assert sorted(named) == sorted(EVENT_KINDS)
