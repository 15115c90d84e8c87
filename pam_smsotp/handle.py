# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Describe what pam_python hands to a module, for the type checker only.

Source: pam_python 1.1.0, "PamHandle Objects". Never imported at run time.
"""

from __future__ import annotations

from typing import Protocol


class ConversationMessage(Protocol):
    """One message of a PAM conversation."""


class Response(Protocol):
    """The application's reply. Formatting one crashes the host: read `resp` only."""

    @property
    def resp(self) -> str | None:
        """Return the reply's text, or None where the application gave none."""


class MessageType(Protocol):
    """Make messages."""

    def __call__(self, style: int, text: str, /) -> ConversationMessage:
        """Make a message of one style."""


class Handle(Protocol):
    """The PAM transaction as pam_python shows it. Items never set are None."""

    PAM_SUCCESS: int
    PAM_IGNORE: int
    PAM_AUTHINFO_UNAVAIL: int
    PAM_TRY_AGAIN: int
    PAM_SILENT: int
    PAM_PRELIM_CHECK: int
    PAM_PROMPT_ECHO_OFF: int
    PAM_PROMPT_ECHO_ON: int
    PAM_TEXT_INFO: int
    PAM_ERROR_MSG: int

    @property
    def service(self) -> str | None:
        """Return the PAM service's name."""

    @property
    def rhost(self) -> str | None:
        """Return the remote host."""

    @property
    def tty(self) -> str | None:
        """Return the terminal's name."""

    @property
    def ruser(self) -> str | None:
        """Return the requesting user's name."""

    @property
    def authtok(self) -> str | None:
        """Return the password the stack already has."""

    @property
    def exception(self) -> type[Exception]:
        """Return the class that failing PAM calls raise; it has `pam_result`."""

    @property
    def Message(self) -> MessageType:  # noqa: N802  # pam_python's own name
        """Return the class of messages."""

    def get_user(self, prompt: str | None, /) -> str | None:
        """Return the user's name; PAM asks for it if the application has not said."""

    def conversation(self, message: ConversationMessage, /) -> Response:
        """Hold a conversation of one message."""
