# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read the module's arguments from the PAM line: an allow-list, nothing else passes."""

from __future__ import annotations

from pam_smsotp.verdict import DeniedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("conversation", "two-attempt", "auto")
LONGEST_PROMPT = 200
LONGEST_TIMEOUT = 100
_TIMEOUTS = frozenset(map(str, range(1, LONGEST_TIMEOUT + 1)))


class Arguments:
    """What the administrator wrote behind the module's path."""

    __slots__ = (
        "code_prompt",
        "debug",
        "fail_ignore",
        "mode",
        "pin_prompt",
        "timeout",
        "try_first_pass",
        "use_first_pass",
    )

    def __init__(self) -> None:
        # mode=conversation|two-attempt|auto: how the two steps fit the program; auto: by policy.
        self.mode = "auto"
        # fail=deny|ignore: what an unreachable daemon means; ignore makes it PAM_IGNORE.
        self.fail_ignore = False
        # timeout=SECONDS: longest wait for an answer of the daemon, 1 to 100, so that our line
        # comes before sshd's LoginGraceTime of 120 s ends the login without a word.
        self.timeout = 40
        # use_first_pass: take the PIN from the stack, refuse if it has none.
        self.use_first_pass = False
        # try_first_pass: take the PIN from the stack, ask if it has none.
        self.try_first_pass = False
        # pin_prompt=TEXT, code_prompt=TEXT: instead of the policy's prompts; blanks in [brackets].
        self.pin_prompt = ""
        self.code_prompt = ""
        # debug: log each outcome too, never a prompt or an answer.
        self.debug = False


def parse_arguments(words: Sequence[str]) -> Arguments:
    """Read the arguments of one PAM line.

    Args:
        words: as pam_python passes them, without the path in front.

    Raises:
        DeniedError: one is unknown or malformed. A typing error must not weaken a login, so
            fail=ignore does not apply to it.
    """
    arguments = Arguments()
    for word in words:
        name, equals, value = word.partition("=")
        if not _understood(arguments, name, value if equals else None):
            # Only the name: the value may be a text, and the name tells where to look.
            raise DeniedError(
                "PAM_AUTHINFO_UNAVAIL",
                f"argument {name[:40]!a} in the PAM line is unknown or has a bad value",
            )
    return arguments


def _understood(arguments: Arguments, name: str, value: str | None) -> bool:
    match name, value:
        case (("use_first_pass" | "try_first_pass" | "debug"), None):
            setattr(arguments, name, True)
        case "mode", str() if value in MODES:
            arguments.mode = value
        case "fail", ("deny" | "ignore"):
            arguments.fail_ignore = value == "ignore"
        case "timeout", str() if _is_timeout(value):
            arguments.timeout = int(value)
        case (("pin_prompt" | "code_prompt"), str()) if _is_prompt(value):
            setattr(arguments, name, value)
        case _:
            return False
    return True


def _is_timeout(text: str) -> bool:
    return text in _TIMEOUTS


def _is_prompt(text: str) -> bool:
    return 0 < len(text) <= LONGEST_PROMPT and text.isprintable()
