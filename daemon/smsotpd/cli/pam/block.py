# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Put our block into the text of a PAM service file, and take it out again; pure text to text.

The block replaces one line and keeps it in a comment, so that taking the block out restores the
file byte for byte. Text is what `surrogateescape` makes of the bytes; lines end with a line feed
and nothing else, as libpam reads them.
"""

from enum import StrEnum

from smsotpd.cli.errors import RefusalError
from smsotpd.cli.pam.stack import ReadFile, find_password_line
from smsotpd.cli.pam.terminal import Terminal

_BEGIN = "# BEGIN pam-smsotp "
_END = "# END pam-smsotp"
_WAS = "# was: "
_NOTE = (
    '# Written by "smsotpctl service enable"; "smsotpctl service disable" restores the next line.'
)


class Stack(StrEnum):
    """Where the code stands in the stack."""

    INSTEAD = "instead"
    AFTER = "after"


class State(StrEnum):
    """What a service file says about us."""

    OFF = "off"
    INSTEAD = "instead"
    AFTER = "after"
    BY_HAND = "by hand"
    DAMAGED = "damaged"


def enable(
    service: str,
    text: str,
    stack: Stack,
    arguments: str,
    read: ReadFile,
    *,
    terminal: Terminal = Terminal.PYTHON,
) -> str:
    """Return the text with our block in place of the line that asks for the password.

    With `instead`, our module decides; the password is asked only where our module stands aside
    (PAM_IGNORE, for users or failures that the policy leaves to the password), so that standing
    aside never means being let in. With `after`, the password stays, and its failure ends the
    stack before a code is sent.

    Args:
        arguments: of our module, as `mode=two-attempt`; may be empty.
        read: for the files that this one includes.

    Raises:
        RefusalError: the file has our block already, or its stack is not understood.
    """
    if state(text) is not State.OFF:
        raise RefusalError(
            f"/etc/pam.d/{service} mentions pam_smsotp already",
            remedy=f"see: smsotpctl service list {service}",
        )
    password = find_password_line(service, text, read)
    name, rules = password.include.name, password.surroundings
    module = f"{terminal.module} {arguments}".rstrip()
    if stack is Stack.INSTEAD:
        # success=1 skips the substack, which counts as one; a jump leaves no verdict behind,
        # hence the pam_permit, as in common-auth itself.
        body = [
            *(rule.text for rule in rules.before),
            f"auth\t[success=1 ignore=ignore default=die]\t{module}",
            f"auth\tsubstack\t{name}",
            "auth\trequired\tpam_permit.so",
            *(rule.text for rule in rules.after),
        ]
    else:
        if password.include.how == "substack":
            # A failure inside a substack would not keep our module from sending a code.
            raise RefusalError(
                f"/etc/pam.d/{service} asks for the password in a substack, so a wrong password "
                "would still send a code",
                remedy="use --stack instead",
            )
        body = [password.text, f"auth\trequisite\t{module}"]
    lines = text.split("\n")
    lines[password.index : password.index + 1] = [
        _BEGIN + stack,
        _NOTE,
        _WAS + password.text,
        *body,
        _END,
    ]
    return "\n".join(lines)


def disable(service: str, text: str) -> str:
    """Return the text as it was before our block came; unchanged if there is none.

    Raises:
        RefusalError: the block is damaged, or our module stands outside of it.
    """
    match state(text):
        case State.OFF:
            return text
        case State.BY_HAND:
            raise RefusalError(
                f"/etc/pam.d/{service} has pam_smsotp in a line that we did not write",
                remedy="remove that line by hand",
            )
        case State.DAMAGED:
            raise RefusalError(
                f"/etc/pam.d/{service}: the block of pam-smsotp was edited and cannot be removed",
                remedy="compare the file with its copy in /var/backups/pam-smsotp and mend it",
            )
        case State.INSTEAD | State.AFTER:
            lines = text.split("\n")
            begin, end = _markers(lines)
            lines[begin : end + 1] = [lines[begin + 2].removeprefix(_WAS)]
            return "\n".join(lines)


def state(text: str) -> State:
    """Tell what a service file says about us."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(_BEGIN)]
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _END]
    if not starts and not ends:
        mentioned = any("pam_smsotp" in line.partition("#")[0] for line in lines)
        return State.BY_HAND if mentioned else State.OFF
    if len(starts) != 1 or len(ends) != 1:
        return State.DAMAGED
    begin, end = starts[0], ends[0]
    if begin + 2 >= end or not lines[begin + 2].startswith(_WAS):
        return State.DAMAGED
    outside = (*lines[:begin], *lines[end + 1 :])
    if any("pam_smsotp" in line.partition("#")[0] for line in outside):
        return State.BY_HAND
    stack = lines[begin].removeprefix(_BEGIN).strip()
    return State(stack) if stack in set(Stack) else State.DAMAGED


def _markers(lines: list[str]) -> tuple[int, int]:
    begin = next(number for number, line in enumerate(lines) if line.startswith(_BEGIN))
    end = next(number for number, line in enumerate(lines) if line.rstrip() == _END)
    return begin, end
