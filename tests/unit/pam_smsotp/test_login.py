# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The login loop, between a scripted user and a scripted daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pam_smsotp.login import MOST_ANSWERS, login
from pam_smsotp.verdict import DeniedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

Steps = list[tuple[str, str]]
GRANTED: Steps = [("outcome", "PAM_SUCCESS")]


class ScriptedUser:
    """Answers from a list and remembers what was shown."""

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = list(answers)
        self.saw: list[tuple[str, str]] = []

    def show_info(self, text: str) -> None:
        self.saw.append(("info", text))

    def show_error(self, text: str) -> None:
        self.saw.append(("error", text))

    def ask_hidden(self, prompt: str) -> str:
        return self._answer("hidden", prompt)

    def ask_visible(self, prompt: str) -> str:
        return self._answer("visible", prompt)

    def _answer(self, kind: str, prompt: str) -> str:
        self.saw.append((kind, prompt))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class ScriptedDaemon:
    """Replies from a list; the last reply repeats."""

    def __init__(self, *replies: Steps | Exception) -> None:
        self._replies = list(replies)
        self.heard: list[tuple[str, ...]] = []

    def _reply(self) -> Steps:
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def begin(self, context: Mapping[str, str | list[str]]) -> tuple[str, Steps]:
        self.heard.append(("begin", str(context.get("user"))))
        return "t1", self._reply()

    def respond(self, transaction: str, answer: str) -> Steps:
        self.heard.append(("respond", transaction, answer))
        return self._reply()

    def cancel(self, transaction: str) -> None:
        self.heard.append(("cancel", transaction))


def run(user: ScriptedUser, daemon: ScriptedDaemon, password: str | None = None) -> str:
    return login(user, daemon, {"user": "alice"}, password)


def test_everything_is_shown_and_relayed_in_order() -> None:
    user = ScriptedUser("2580", "123456")
    daemon = ScriptedDaemon(
        [("hidden", "PIN: ")], [("info", "sent"), ("error", "slow"), ("visible", "Code: ")], GRANTED
    )
    assert run(user, daemon) == "PAM_SUCCESS"
    assert user.saw == [
        ("hidden", "PIN: "), ("info", "sent"), ("error", "slow"), ("visible", "Code: "),
    ]  # fmt: skip
    assert daemon.heard == [
        ("begin", "alice"), ("respond", "t1", "2580"), ("respond", "t1", "123456"),
    ]  # fmt: skip


def test_texts_before_an_outcome_are_shown() -> None:
    user = ScriptedUser()
    assert run(user, ScriptedDaemon([("error", "Locked."), ("outcome", "PAM_MAXTRIES")])) == (
        "PAM_MAXTRIES"
    )
    assert user.saw == [("error", "Locked.")]


def test_the_stacks_password_answers_authtok_and_asks_nobody() -> None:
    user = ScriptedUser()
    daemon = ScriptedDaemon([("authtok", "")], GRANTED)
    assert run(user, daemon, "stacked") == "PAM_SUCCESS"
    assert user.saw == []
    assert daemon.heard[1] == ("respond", "t1", "stacked")


def test_authtok_is_refused_where_the_pam_line_does_not_share_the_password() -> None:
    daemon = ScriptedDaemon([("authtok", "")], GRANTED)
    with pytest.raises(DeniedError):
        run(ScriptedUser(), daemon)
    assert daemon.heard[-1] == ("cancel", "t1")


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [("info", "hello")],
        [("error", "hello")],
        [("outcome", "PAM_SUCCESS"), ("info", "hello")],
        [("outcome", "PAM_SUCCESS"), ("outcome", "PAM_SUCCESS")],
        [("hidden", "PIN: "), ("outcome", "PAM_SUCCESS")],
        [("OUTCOME", "PAM_SUCCESS")],
        [("", "")],
    ],
    ids=str,
)
def test_steps_against_the_contract_deny_and_show_nothing(steps: Steps) -> None:
    user = ScriptedUser("2580")
    daemon = ScriptedDaemon(steps)
    with pytest.raises(DeniedError) as caught:
        run(user, daemon)
    assert caught.value.code == "PAM_AUTH_ERR"
    assert daemon.heard[-1] == ("cancel", "t1")
    assert ("outcome", "PAM_SUCCESS") not in user.saw


def test_a_daemon_that_asks_without_end_is_left() -> None:
    daemon = ScriptedDaemon([("authtok", "")])
    with pytest.raises(DeniedError):
        run(ScriptedUser(), daemon, "stacked")
    assert len(daemon.heard) == MOST_ANSWERS + 2


def test_a_user_who_gives_up_cancels() -> None:
    daemon = ScriptedDaemon([("hidden", "PIN: ")])
    with pytest.raises(DeniedError) as caught:
        run(ScriptedUser(DeniedError("PAM_CONV_ERR", "gone")), daemon)
    assert caught.value.code == "PAM_CONV_ERR"
    assert daemon.heard == [("begin", "alice"), ("cancel", "t1")]


def test_nobody_there_at_the_start_may_be_passed_over() -> None:
    daemon = ScriptedDaemon(UnreachableError("gone"))
    with pytest.raises(UnreachableError):
        run(ScriptedUser(), daemon)
    assert daemon.heard == [("begin", "alice")]


def test_nobody_there_after_an_answer_denies() -> None:
    daemon = ScriptedDaemon([("hidden", "PIN: ")], UnreachableError("gone"))
    with pytest.raises(DeniedError) as caught:
        run(ScriptedUser("0000"), daemon)
    assert caught.value.code == "PAM_AUTHINFO_UNAVAIL"
