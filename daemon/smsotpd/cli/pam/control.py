# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read the control field of a PAM rule as libpam does: what is done for each return value."""

import string
from enum import StrEnum
from typing import Final

from smsotpd.cli.pam.returns import NAMES


class Action(StrEnum):
    """What a rule does with a return value, unless it jumps."""

    IGNORE = "ignore"
    OK = "ok"
    DONE = "done"
    BAD = "bad"
    DIE = "die"
    RESET = "reset"


Actions = tuple[Action | int, ...]
"""One for each return value, by its number; a whole number is a jump over so many rules."""

_WORDS: Final[dict[str, dict[str, Action]]] = {
    "required": {
        "success": Action.OK, "new_authtok_reqd": Action.OK, "ignore": Action.IGNORE,
        "default": Action.BAD,
    },
    "requisite": {
        "success": Action.OK, "new_authtok_reqd": Action.OK, "ignore": Action.IGNORE,
        "default": Action.DIE,
    },
    "optional": {
        "success": Action.OK, "new_authtok_reqd": Action.OK, "default": Action.IGNORE,
    },
    "sufficient": {
        "success": Action.DONE, "new_authtok_reqd": Action.DONE, "default": Action.IGNORE,
    },
}  # fmt: skip
ALL_BAD: Final[Actions] = (Action.BAD,) * len(NAMES)
_SPACES: Final = " \t\n\v\f\r"


class ControlError(Exception):
    """A control that libpam does not understand, and therefore takes for “always bad”."""


def read_control(text: str) -> Actions:
    """Return what is done for each return value.

    Args:
        text: a word, or what stands between the brackets; libpam does without the brackets, too.

    Raises:
        ControlError: libpam would treat every return value as bad.
    """
    word = _WORDS.get(text.lower())
    if word is not None:
        return tuple(word.get(name, word["default"]) for name in NAMES)
    chosen: dict[str, Action | int] = {}
    rest = text.lstrip(_SPACES)
    while rest:
        name, rest = _value(rest)
        rest = rest.lstrip(_SPACES)
        if not rest.startswith("="):
            raise ControlError(f"“=” is missing behind “{name}”")
        action, rest = _action(rest[1:].lstrip(_SPACES))
        if name == "default":
            # It is for those not named so far; one that is named later replaces it.
            for each in NAMES:
                chosen.setdefault(each, action)
        else:
            chosen[name] = action
        rest = rest.lstrip(_SPACES)
    return tuple(chosen.get(name, Action.BAD) for name in NAMES)


def _value(text: str) -> tuple[str, str]:
    for name in (*NAMES, "default"):
        if text.startswith(name):
            return name, text[len(name) :]
    raise ControlError(
        f"“{text.split(maxsplit=1)[0]}” does not begin with the name of a return value"
    )


def _action(text: str) -> tuple[Action | int, str]:
    for action in Action:
        if text.startswith(action):
            return action, text[len(action) :]
    rest = text.lstrip(string.digits)
    digits = text[: len(text) - len(rest)]
    if not digits or not int(digits):
        raise ControlError(f"“{text.split(maxsplit=1)[0] if text else '='}” is no action")
    return int(digits), rest
