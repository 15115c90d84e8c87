# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A PAM program of its own process: log in once, and let the process that started it answer.

It is run as a script and imports nothing of ours, so that whatever the stack does to its process,
a crash too, ends here. Each line that it writes is a JSON object: what PAM shows or asks, and how
each stage ended, with the milliseconds since the last answer. Each line that it reads is the
answer to one question; the end of its input is nobody's being there to answer.
"""

import argparse
import json
import os
import time
from ctypes import CFUNCTYPE, POINTER, PyDLL, byref, c_char_p, c_int, c_uint, c_void_p, cast, sizeof
from typing import Any, TextIO

import pamela

_STYLES = {1: "hidden", 2: "visible", 3: "error", 4: "info"}
_QUESTIONS = frozenset({"hidden", "visible"})
_SUCCESS, _BUFFER_ERROR, _CONVERSATION_ERROR = 0, 5, 19
_RHOST, _FAIL_DELAY = 4, 10
# What pam_set_item(3) calls instead of sleeping after a failure.
_DELAY_FUNCTION = CFUNCTYPE(None, c_int, c_uint, c_void_p)


class Conversation:
    """Pass on what PAM says, and give it the answers."""

    def __init__(self, said: TextIO, answers: TextIO) -> None:
        """Take the two ends; the clock starts now."""
        self._said = said
        self._answers = answers
        self._since = time.monotonic()

    def tell(self, **fact: object) -> None:
        """Write one line, with the time that PAM took since the last answer."""
        milliseconds = round((time.monotonic() - self._since) * 1000, 1)
        print(json.dumps({**fact, "ms": milliseconds}), file=self._said, flush=True)
        self._since = time.monotonic()

    def answer(self) -> bytes | None:
        """Read the answer to the last question; None if there is none."""
        line = self._answers.readline()
        self._since = time.monotonic()
        return line.removesuffix("\n").encode() if line.endswith("\n") else None

    def _said_and_answered(self, style: str, text: str) -> bytes | None:
        # An exception would be lost in libpam, and taken for success.
        try:
            self.tell(style=style, text=text)
            return self.answer() if style in _QUESTIONS else None
        except OSError:
            return None

    def callback(self) -> Any:
        """Return the conversation function that libpam calls."""

        def converse(count: int, messages: Any, responses: Any, _data: Any) -> int:
            made = pamela.CALLOC(count, sizeof(pamela.PamResponse))
            if not made:
                return _BUFFER_ERROR
            filled = cast(made, POINTER(pamela.PamResponse))
            for number in range(count):
                message = messages[number].contents
                style = _STYLES.get(message.msg_style, "")
                text = cast(message.msg, c_char_p).value or b""
                answer = self._said_and_answered(style, text.decode("utf-8", "replace"))
                if style not in _QUESTIONS:
                    continue
                if answer is None:
                    return _CONVERSATION_ERROR
                filled[number].resp = pamela.STRDUP(answer)
            responses[0] = filled
            return _SUCCESS

        return pamela.CONV_FUNC(converse)


def _library() -> PyDLL:
    """Return libpam as called with Python's lock held.

    pam_python finds this process's interpreter and uses it. Without the lock, as pamela calls, that
    is a crash; with it, the terminal in Python can be tried from here as well as any other.
    """
    library = PyDLL(pamela.LIBPAM._name)  # noqa: SLF001  # the very library that pamela has loaded
    for name in ("pam_authenticate", "pam_acct_mgmt", "pam_end"):
        getattr(library, name).argtypes = [pamela.PamHandle, c_int]
    library.pam_set_item.argtypes = [pamela.PamHandle, c_int, c_void_p]
    library.pam_start_confdir.argtypes = [
        c_char_p, c_char_p, POINTER(pamela.PamConv), c_char_p, POINTER(pamela.PamHandle)
    ]  # fmt: skip
    return library


def _log_in(arguments: argparse.Namespace, conversation: Conversation) -> None:
    library = _library()
    handle = pamela.PamHandle()
    functions = pamela.PamConv(conversation.callback(), 0)
    result = library.pam_start_confdir(
        os.fsencode(arguments.service),
        os.fsencode(arguments.user),
        byref(functions),
        os.fsencode(arguments.directory) if arguments.directory else None,
        byref(handle),
    )
    if result != _SUCCESS:
        conversation.tell(stage="start", result=result)
        return
    # A program may wait after a failure; here, nobody's guesses are to be slowed down.
    no_delay = _DELAY_FUNCTION(lambda _status, _microseconds, _data: None)
    library.pam_set_item(handle, _FAIL_DELAY, cast(no_delay, c_void_p))
    if arguments.rhost:
        library.pam_set_item(handle, _RHOST, cast(c_char_p(arguments.rhost.encode()), c_void_p))
    for stage in ("authenticate", "acct_mgmt"):
        result = getattr(library, f"pam_{stage}")(handle, 0)
        conversation.tell(stage=stage, result=result)
        if result != _SUCCESS:
            break
    library.pam_end(handle, result)


def main() -> None:
    """Log in once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("user")
    parser.add_argument("--rhost", default="")
    parser.add_argument("--directory", default="")
    parser.add_argument("--said", type=int, required=True)
    parser.add_argument("--answers", type=int, required=True)
    arguments = parser.parse_args()
    with (
        os.fdopen(arguments.said, "w") as said,
        os.fdopen(arguments.answers, newline="\n") as answers,
    ):
        _log_in(arguments, Conversation(said, answers))


if __name__ == "__main__":
    main()
