# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read single lines of a PAM service file (pam.d(5))."""

import re
from dataclasses import dataclass

_RULE = re.compile(
    r"(?P<dash>-?)(?P<kind>auth|account|password|session)\s+"
    r"(?P<control>\[[^\]]*\]|\S+)\s+(?P<module>\S+)(?:\s+(?P<arguments>.*))?",
    re.ASCII | re.IGNORECASE,
)
_INCLUDE = re.compile(r"@include\s+(?P<name>\S+)", re.ASCII)

# What these words stand for: pam.d(5), "The older (and more often used) form".
_WORDS = {
    "required": "[success=ok new_authtok_reqd=ok ignore=ignore default=bad]",
    "requisite": "[success=ok new_authtok_reqd=ok ignore=ignore default=die]",
    "sufficient": "[success=done new_authtok_reqd=done default=ignore]",
    "optional": "[success=ok new_authtok_reqd=ok default=ignore]",
}


class LineError(Exception):
    """A line is not one that we understand; the text says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One module in a stack.

    Attributes:
        kind: `auth`, `account`, `password` or `session`.
        control: as written: a word, or `[value=action …]`.
        module: its file name without directories.
    """

    kind: str
    control: str
    module: str
    text: str

    @property
    def is_plain(self) -> bool:
        """Tell whether the rule can neither end the stack with success nor jump."""
        return self.control in {"required", "requisite", "optional"}

    def actions(self) -> dict[str, str]:
        """Return what is done for each return value, as `{"success": "ok", "default": "die"}`.

        Raises:
            LineError: the control is neither a known word nor a list of value=action.
        """
        control = _WORDS.get(self.control, self.control)
        if not (control.startswith("[") and control.endswith("]")):
            raise LineError(f"the control “{self.control}” is unknown")
        pairs = [part.partition("=") for part in control[1:-1].split()]
        if not all(value and sign and action for value, sign, action in pairs):
            raise LineError(f"the control “{self.control}” is unknown")
        return {value: action for value, _, action in pairs}


@dataclass(frozen=True, slots=True)
class Include:
    """A line that brings in another file.

    Attributes:
        kind: `auth` and so on; empty for `@include`, which brings in all kinds.
        how: `@include`, `include` or `substack`.
        name: of the file, as written.
    """

    kind: str
    how: str
    name: str


def parse_line(text: str) -> Rule | Include | None:
    """Parse one line; None for a blank line or a comment.

    Raises:
        LineError: it is something else.
    """
    content = text.partition("#")[0].strip()
    if not content:
        return None
    if content.endswith("\\"):
        raise LineError("it continues on the next line")
    if include := _INCLUDE.fullmatch(content):
        return Include("", "@include", include["name"])
    rule = _RULE.fullmatch(content)
    if rule is None:
        raise LineError("it is no rule of a PAM stack")
    kind, control = rule["kind"].lower(), rule["control"].lower()
    if control in {"include", "substack"}:
        return Include(kind, control, rule["module"])
    return Rule(kind, control, rule["module"].rpartition("/")[2], content)
