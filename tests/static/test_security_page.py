# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""docs/security.md names tests that exist for what it promises, and the limits of the code."""

import ast
import importlib
import re
from dataclasses import fields
from functools import cache
from typing import Final

import pytest

from smsotpd.config.schema import LIMITS, POLICY
from smsotpd.core.limits import Budget, Limits
from smsotpd.core.policy import Policy
from tests.static.tree import ROOT

PAGE: Final = (ROOT / "docs/security.md").read_text()
REFERENCE: Final = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _promises() -> list[str]:
    return re.findall(r"^- .*(?:\n  .*)*", _section("What is promised"), re.MULTILINE)


@cache
def _tests_in(path: str) -> frozenset[str]:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


def _rows() -> list[tuple[str, str]]:
    """Return key and value of each row of the table of limits."""
    return re.findall(r"^\| [^|]+ \| `([\w.]+)` \| ([^|]+) \|", _section("Limits"), re.MULTILINE)


def _in_the_code(key: str) -> object:
    if "." in key:
        module, _, name = key.rpartition(".")
        return getattr(importlib.import_module(f"smsotpd.{module}"), name)
    if key in LIMITS:
        return getattr(Limits(), LIMITS[key].field)
    return getattr(Policy(), POLICY[key].field)


def test_every_promise_names_a_test() -> None:
    promises = _promises()
    assert len(promises) > 30
    assert [promise for promise in promises if not REFERENCE.search(promise)] == []


@pytest.mark.parametrize(("path", "name"), REFERENCE.findall(PAGE))
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert name in _tests_in(path)


@pytest.mark.parametrize(("key", "value"), _rows())
def test_every_limit_is_that_of_the_code(key: str, value: str) -> None:
    actual = _in_the_code(key)
    number = actual.count if isinstance(actual, Budget) else actual
    assert isinstance(number, int | float)
    assert f"{number:g}" == value


def test_every_limit_of_the_code_is_in_the_table() -> None:
    named = {LIMITS[key].field for key, _ in _rows() if key in LIMITS}
    assert named == {field.name for field in fields(Limits)}
