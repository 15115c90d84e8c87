# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A pam_python handle with scripted replies; its constants are Linux-PAM's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pam_smsotp.handle import ConversationMessage


class PamError(Exception):
    """What pam_python raises."""

    pam_result = 19


class ScriptedMessage:
    """One message."""

    def __init__(self, style: int, text: str, /) -> None:
        self.style = style
        self.text = text


class ScriptedResponse:
    """A reply that must not be printed: in pam_python that crashes."""

    def __init__(self, resp: str | None) -> None:
        self.resp = resp

    def __repr__(self) -> str:
        raise AssertionError("a Response was formatted")


class ScriptedHandle:
    """Answers prompts from a list; an exception in it is raised."""

    PAM_SUCCESS = 0
    PAM_SERVICE_ERR = 3
    PAM_SYSTEM_ERR = 4
    PAM_PERM_DENIED = 6
    PAM_AUTH_ERR = 7
    PAM_CRED_INSUFFICIENT = 8
    PAM_AUTHINFO_UNAVAIL = 9
    PAM_USER_UNKNOWN = 10
    PAM_MAXTRIES = 11
    PAM_ACCT_EXPIRED = 13
    PAM_CRED_UNAVAIL = 14
    PAM_CONV_ERR = 19
    PAM_AUTHTOK_ERR = 20
    PAM_AUTHTOK_RECOVERY_ERR = 21
    PAM_TRY_AGAIN = 24
    PAM_IGNORE = 25
    PAM_ABORT = 26
    PAM_SILENT = 0x8000
    PAM_PRELIM_CHECK = 0x4000
    PAM_PROMPT_ECHO_OFF = 1
    PAM_PROMPT_ECHO_ON = 2
    PAM_ERROR_MSG = 3
    PAM_TEXT_INFO = 4
    exception: type[Exception] = PamError
    Message = ScriptedMessage
    service: str | None = "sshd"
    rhost: str | None = None
    tty: str | None = None
    ruser: str | None = None
    authtok: str | None = None

    def __init__(self, replies: Sequence[str | BaseException | None] = ()) -> None:
        self._replies = list(replies)
        self.shown: list[tuple[int, str]] = []
        self.user: str | BaseException | None = "alice"

    def get_user(self, _prompt: str | None, /) -> str | None:
        if isinstance(self.user, BaseException):
            raise self.user
        return self.user

    def conversation(self, message: ConversationMessage, /) -> ScriptedResponse:
        assert isinstance(message, ScriptedMessage)
        self.shown.append((message.style, message.text))
        if message.style in {self.PAM_TEXT_INFO, self.PAM_ERROR_MSG}:
            return ScriptedResponse(None)
        reply = self._replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return ScriptedResponse(reply)
