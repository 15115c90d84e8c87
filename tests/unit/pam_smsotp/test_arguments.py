# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The PAM line's arguments: what passes, and that nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pam_smsotp.arguments import Arguments, parse_arguments
from pam_smsotp.verdict import DeniedError


def values(arguments: Arguments) -> dict[str, object]:
    return {name: getattr(arguments, name) for name in Arguments.__slots__}


def test_without_arguments_everything_has_its_default() -> None:
    assert values(parse_arguments([])) == {
        "mode": "auto",
        "fail_ignore": False,
        "timeout": 40,
        "use_first_pass": False,
        "try_first_pass": False,
        "pin_prompt": "",
        "code_prompt": "",
        "debug": False,
    }


def test_every_argument_is_read() -> None:
    words = [
        "mode=two-attempt", "fail=ignore", "timeout=100", "use_first_pass", "try_first_pass",
        "pin_prompt=Your PIN = ", "code_prompt=Číslo: ", "debug",
    ]  # fmt: skip
    assert values(parse_arguments(words)) == {
        "mode": "two-attempt",
        "fail_ignore": True,
        "timeout": 100,
        "use_first_pass": True,
        "try_first_pass": True,
        "pin_prompt": "Your PIN = ",
        "code_prompt": "Číslo: ",
        "debug": True,
    }


def test_the_last_of_two_wins() -> None:
    assert parse_arguments(["fail=ignore", "fail=deny"]).fail_ignore is False


@pytest.mark.parametrize(
    "word",
    ["", "=", "mode", "mode=", "mode=change-pin", "MODE=auto", "fail=", "fail=IGNORE", "timeout=",
     "timeout=0", "timeout=-1", "timeout=101", "timeout=1.5", "timeout=007", "timeout= 5",
     "timeout=" + "9" * 5000, "use_first_pass=1", "debug=", "try_first_pas", "code_prompt=",
     "code_prompt=a\nb", "pin_prompt=\x1b[2J", "pin_prompt=" + "x" * 201, "__class__=x"],
)  # fmt: skip
def test_anything_else_refuses_whatever_fail_says(word: str) -> None:
    with pytest.raises(DeniedError) as caught:
        parse_arguments(["fail=ignore", word])
    assert caught.value.code == "PAM_AUTHINFO_UNAVAIL"


def test_the_refusal_names_the_argument_and_not_its_value() -> None:
    with pytest.raises(DeniedError, match=r"'code_promt' in the PAM line"):
        parse_arguments(["code_promt=the text"])
    with pytest.raises(DeniedError) as caught:
        parse_arguments(["code_promt=the text"])
    assert "the text" not in str(caught.value)


@given(st.text())
def test_a_refusal_cannot_write_a_second_log_entry(name: str) -> None:
    with pytest.raises(DeniedError) as caught:
        parse_arguments([f"{name}\n<0>login: x"])
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
