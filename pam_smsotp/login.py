# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Lead one login: show, ask and relay what the daemon says, until its outcome."""

from __future__ import annotations

from pam_smsotp.verdict import DeniedError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    Steps = list[tuple[str, str]]

    class Daemon(Protocol):
        """The daemon's Authentication interface."""

        def begin(self, context: Mapping[str, str | list[str]]) -> tuple[str, Steps]:
            """Open a transaction."""

        def respond(self, transaction: str, answer: str) -> Steps:
            """Relay an answer."""

        def cancel(self, transaction: str) -> None:
            """Give the transaction up; never raises."""

    class User(Protocol):
        """Whoever answers the prompts."""

        def show_info(self, text: str) -> None:
            """Show a text."""

        def show_error(self, text: str) -> None:
            """Show an error."""

        def ask_hidden(self, prompt: str) -> str:
            """Ask without echo."""

        def ask_visible(self, prompt: str) -> str:
            """Ask with echo."""


# The daemon limits attempts itself; this only ends a loop that asks nobody (authtok for ever).
MOST_ANSWERS = 64


def login(
    user: User, daemon: Daemon, context: Mapping[str, str | list[str]], password: str | None
) -> str:
    """Hold the daemon's conversation with the user and return the outcome's name.

    Args:
        user: who sees the texts and answers.
        daemon: who decides.
        context: what Begin is told.
        password: the stack's password, where the PAM line lets the daemon have it.

    Raises:
        DeniedError: the user, the application or the daemon broke the conversation off.
        UnreachableError: the daemon could not be reached, and no answer has been given yet.
    """
    transaction, steps = daemon.begin(context)
    try:
        return _converse(user, daemon, transaction, steps, password)
    except BaseException:
        daemon.cancel(transaction)
        raise


def _converse(
    user: User, daemon: Daemon, transaction: str, steps: Steps, password: str | None
) -> str:
    for _ in range(MOST_ANSWERS):
        kind, text = _show_all_but_last(user, steps)
        if kind == "outcome":
            return text
        answer = _answer(user, kind, text, password)
        try:
            steps = daemon.respond(transaction, answer)
        except UnreachableError as error:
            # The answer may have been wrong: from here on nothing may be ignored.
            raise DeniedError("PAM_AUTHINFO_UNAVAIL", str(error)) from error
    raise DeniedError("PAM_AUTH_ERR", "the daemon asks without end")


def _show_all_but_last(user: User, steps: Steps) -> tuple[str, str]:
    if not steps:
        raise DeniedError("PAM_AUTH_ERR", "the daemon sent no step")
    *shown, last = steps
    for kind, _ in shown:
        if kind not in {"info", "error"}:
            raise DeniedError("PAM_AUTH_ERR", "the daemon sent steps out of order")
    for kind, text in shown:
        if kind == "info":
            user.show_info(text)
        else:
            user.show_error(text)
    return last


def _answer(user: User, kind: str, prompt: str, password: str | None) -> str:
    match kind:
        case "hidden":
            return user.ask_hidden(prompt)
        case "visible":
            return user.ask_visible(prompt)
        case "authtok" if password is not None:
            return password
        case _:
            raise DeniedError("PAM_AUTH_ERR", "the daemon sent a last step we may not answer")
