# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The file we ship shows every key at its default, and the man page explains every key."""

import re
import tomllib
from pathlib import Path

import pytest

from smsotpd.config.document import Document
from smsotpd.config.schema import DAEMON, GATEWAYS, LIMITS, PIN, POLICY, TEXTS
from smsotpd.config.settings import Configuration, merge, read_configuration

TOP = Path(__file__).resolve().parents[3]
SHIPPED = TOP / "etc/smsotp/smsotpd.toml"
KEY = re.compile(r"^#(?=[a-z_]+ = )", re.MULTILINE)

SCHEMA = {
    "daemon": DAEMON,
    "pin": PIN,
    "gateways": GATEWAYS,
    "limits": LIMITS,
    "policy.default": {**POLICY, **TEXTS},
}


def uncommented() -> Document:
    """Return the shipped file with every key in force."""
    text = KEY.sub("", SHIPPED.read_text())
    return Document(str(SHIPPED), text, tomllib.loads(text))


def test_as_it_is_shipped_it_says_nothing() -> None:
    document = Document(str(SHIPPED), SHIPPED.read_text(), tomllib.loads(SHIPPED.read_text()))
    assert merge(Configuration(), [document]) == Configuration()
    assert document.values == {
        "daemon": {},
        "pin": {},
        "gateways": {},
        "limits": {},
        "policy": {"default": {}},
    }


def test_with_every_key_in_force_it_says_exactly_the_defaults() -> None:
    assert merge(Configuration(), [uncommented()]) == Configuration()


@pytest.mark.parametrize("table", SCHEMA)
def test_it_names_every_key_there_is(table: str) -> None:
    assert uncommented().table(*table.split(".")).keys() == SCHEMA[table].keys()


def test_the_shipped_directory_is_read_as_it_is() -> None:
    configuration = read_configuration(SHIPPED.parent)
    assert (configuration.files, configuration.gateways) == (1, ())


def test_prose_and_keys_cannot_be_mistaken_for_each_other() -> None:
    lines = SHIPPED.read_text().splitlines()[2:]
    kinds = re.compile(r"## .+|##|#[a-z_]+ = .+|\[[a-z.]+\]|")
    assert [line for line in lines if not kinds.fullmatch(line)] == []


def test_every_key_and_its_default_stand_in_the_man_page() -> None:
    page = (TOP / "docs/man/smsotpd.toml.rst").read_text()
    explained = set(re.findall(r"^\*\*(\w+)\*\* = (.+)$", page, re.MULTILINE))
    shown = set(re.findall(r"^#([a-z_]+) = (.+)$", SHIPPED.read_text(), re.MULTILINE))
    assert explained == {(key, f"``{value}``") for key, value in shown}
