# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Asking and showing through a PAM application."""

from __future__ import annotations

import pytest

from pam_smsotp.conversation import Conversation
from pam_smsotp.verdict import DeniedError
from tests.unit.pam_smsotp.scripted_handle import PamError, ScriptedHandle


def conversation(handle: ScriptedHandle, *, silent: bool = False) -> Conversation:
    return Conversation(handle, silent=silent)


def test_a_hidden_prompt_does_not_echo_and_a_visible_one_does() -> None:
    handle = ScriptedHandle(["2580", "123456"])
    user = conversation(handle)
    assert user.ask_hidden("PIN: ") == "2580"
    assert user.ask_visible("Code: ") == "123456"
    assert handle.shown == [(1, "PIN: "), (2, "Code: ")]


def test_texts_are_shown_in_their_kind() -> None:
    handle = ScriptedHandle()
    user = conversation(handle)
    user.show_info("sent")
    user.show_error("wrong")
    assert handle.shown == [(4, "sent"), (3, "wrong")]


def test_silence_leaves_only_the_reason_for_a_refusal() -> None:
    handle = ScriptedHandle()
    user = conversation(handle, silent=True)
    user.show_info("sent")
    user.show_error("wrong")
    assert handle.shown == [(3, "wrong")]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (PamError("conversation failed"), "PAM_CONV_ERR"),
        (None, "PAM_CONV_ERR"),
        (UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "end of data"), "PAM_AUTH_ERR"),
        ("9" * 513, "PAM_AUTH_ERR"),
        ("é" * 257, "PAM_AUTH_ERR"),
    ],
    ids=["failure", "none", "latin-1", "long", "long in bytes"],
)
def test_a_reply_that_is_no_answer_ends_the_login(
    reply: str | BaseException | None, code: str
) -> None:
    with pytest.raises(DeniedError) as caught:
        conversation(ScriptedHandle([reply])).ask_hidden("PIN: ")
    assert caught.value.code == code


def test_an_undecodable_answer_does_not_travel_on_in_the_exception() -> None:
    reply = UnicodeDecodeError("utf-8", b"2580\xff", 4, 5, "invalid start byte")
    with pytest.raises(DeniedError) as caught:
        conversation(ScriptedHandle([reply])).ask_hidden("PIN: ")
    assert "2580" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("answer", ["", "\b\n\r\x7fINCORRECT", "9" * 512])
def test_odd_answers_are_relayed_for_the_daemon_to_judge(answer: str) -> None:
    assert conversation(ScriptedHandle([answer])).ask_hidden("PIN: ") == answer
