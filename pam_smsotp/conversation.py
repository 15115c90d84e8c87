# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Speak with the user through the PAM application, one message at a time."""

from __future__ import annotations

from pam_smsotp.verdict import DeniedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pam_smsotp.handle import Handle

# Linux-PAM's PAM_MAX_RESP_SIZE; no PIN or code is nearly as long.
LONGEST_ANSWER = 512


class Conversation:
    """The user behind the PAM application."""

    __slots__ = ("_handle", "_silent")

    def __init__(self, handle: Handle, *, silent: bool) -> None:
        self._handle = handle
        self._silent = silent

    def show_info(self, text: str) -> None:
        """Show a text, unless the application asked for silence."""
        if not self._silent:
            self._send(self._handle.PAM_TEXT_INFO, text)

    def show_error(self, text: str) -> None:
        """Show why the login ends, even where silence is asked for.

        sudo always asks for it (`pam_silent`), and would say no more than "Sorry, try again."
        """
        self._send(self._handle.PAM_ERROR_MSG, text)

    def ask_hidden(self, prompt: str) -> str:
        """Ask without echo and return the answer."""
        return self._ask(self._handle.PAM_PROMPT_ECHO_OFF, prompt)

    def ask_visible(self, prompt: str) -> str:
        """Ask with echo and return the answer."""
        return self._ask(self._handle.PAM_PROMPT_ECHO_ON, prompt)

    def _ask(self, style: int, prompt: str) -> str:
        answer = self._send(style, prompt)
        if answer is None:
            # End of input (Ctrl-D, </dev/null): nobody is there to answer.
            raise DeniedError("PAM_CONV_ERR", "the prompt got no answer")
        if len(answer.encode()) > LONGEST_ANSWER:
            raise DeniedError("PAM_AUTH_ERR", "the answer is too long")
        return answer

    def _send(self, style: int, text: str) -> str | None:
        # The Response itself is never printed, formatted or kept: that crashes the host.
        try:
            return self._handle.conversation(self._handle.Message(style, text)).resp
        except self._handle.exception as error:
            raise DeniedError("PAM_CONV_ERR", "the application could not ask") from error
        except UnicodeDecodeError:
            # Its text quotes the answer, so it does not travel further, not even as a cause.
            raise DeniedError("PAM_AUTH_ERR", "the answer is not UTF-8") from None
