# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A secret shows itself to nobody but who asks for it by name."""

import copy
import json
import pickle
from collections.abc import Callable

import pytest

from smsotpd.core.secret import Secret

TEXT = "hunter2"


def test_no_way_of_printing_shows_it() -> None:
    secret = Secret(TEXT)
    for shown in (
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret!r:>20}",
        f"{secret:>20}",
        f"{[secret]}",
        f"{secret} {secret!r}",
        f"{ {'a': secret} }",
    ):
        assert TEXT not in shown
        assert "Secret(…)" in shown


def test_it_is_revealed_on_demand() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_equal_secrets_are_equal_and_other_things_are_not() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))
    assert Secret(TEXT) != Secret("hunter3")
    assert Secret(TEXT) != TEXT


def test_secrets_of_any_letters_can_be_compared() -> None:
    assert Secret("hübsch") == Secret("hübsch")
    assert Secret("\udcff") == Secret("\udcff")
    assert Secret("\udcff") != Secret("\udcfe")


def test_an_empty_secret_is_none() -> None:
    assert not Secret("")
    assert Secret(TEXT)


@pytest.mark.parametrize("serialise", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_it_is_not_serialised(serialise: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as caught:
        serialise(Secret(TEXT))
    assert TEXT not in str(caught.value)


def test_it_takes_no_further_attributes() -> None:
    with pytest.raises(AttributeError):
        Secret(TEXT).note = ""  # type: ignore[attr-defined]  # that is the point
    assert not hasattr(Secret(TEXT), "__dict__")
