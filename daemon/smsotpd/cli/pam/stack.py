# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Understand the auth stack of a service well enough to change it, or refuse to.

The stacks that are understood are those of Debian's packages: harmless rules around one line that
brings in what pam-auth-update(8) wrote to common-auth. There, rules that ask for a password jump
to a pam_permit when they succeed and otherwise fall into a pam_deny.
"""

from collections.abc import Callable
from dataclasses import dataclass

from smsotpd.cli.errors import RefusalError
from smsotpd.cli.pam.lines import Include, LineError, Rule, parse_line

ReadFile = Callable[[str], str]
"""Return the text of a file in /etc/pam.d by its name."""

_DEPTH = 8

# Rules with these modules ask nobody for a password and let nobody in by themselves.
_HARMLESS = frozenset(
    {
        "pam_access.so", "pam_cap.so", "pam_echo.so", "pam_env.so", "pam_faildelay.so",
        "pam_gnome_keyring.so", "pam_group.so", "pam_keyinit.so", "pam_kwallet5.so",
        "pam_limits.so", "pam_listfile.so", "pam_nologin.so", "pam_securetty.so",
        "pam_selinux.so", "pam_sepermit.so", "pam_shells.so", "pam_ssh_add.so",
        "pam_succeed_if.so", "pam_time.so", "pam_umask.so", "pam_warn.so",
    }
)  # fmt: skip

# Set-user-ID programs that root may use without a password. Where a daemon of root's
# authenticates, the same rule would let anybody in.
_OPEN_TO_ROOT = frozenset({"su", "su-l", "chfn", "chsh"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the rules that ask for the password, in the file that brings them in."""

    before: tuple[Rule, ...]
    after: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class PasswordLine:
    """The line of a service file through which the password is asked.

    Attributes:
        index: of the line, from 0.
        text: the line as it stands, without its end.
    """

    index: int
    text: str
    include: Include
    surroundings: Surroundings


def find_password_line(service: str, text: str, read: ReadFile) -> PasswordLine:
    """Find the one line of a service file that brings in the password.

    Raises:
        RefusalError: the stack is not one that we understand; the text says where and why.
    """
    found: list[PasswordLine] = []
    for index, line in enumerate(text.split("\n")):
        where = f"/etc/pam.d/{service}, line {index + 1}"
        rule = _parse(line, where)
        if isinstance(rule, Rule) and rule.kind == "auth" and not _lets_root_in(service, rule):
            _require_harmless(rule, where)
        if not isinstance(rule, Include) or rule.kind not in {"", "auth"}:
            continue
        rules = _flatten(rule, read, where)
        if not any(each.kind == "auth" for each in rules):
            continue
        if any(each.kind != "auth" for each in rules):
            raise _not_understood(where, f"{rule.name} holds more than an auth stack")
        found.append(PasswordLine(index, line, rule, _split(rules, f"/etc/pam.d/{rule.name}")))
    if not found:
        raise _not_understood(
            f"/etc/pam.d/{service}", "it has no line “@include common-auth” or the like"
        )
    if len(found) > 1:
        raise _not_understood(f"/etc/pam.d/{service}", "it asks for the password more than once")
    return found[0]


def included_names(text: str) -> set[str]:
    """Return the names of the files that a service file brings in for authentication.

    Lines that are not understood name nothing.
    """
    names = set()
    for line in text.split("\n"):
        try:
            rule = parse_line(line)
        except LineError:
            continue
        if isinstance(rule, Include) and rule.kind in {"", "auth"}:
            names.add(rule.name.rpartition("/")[2])
    return names


def _flatten(include: Include, read: ReadFile, where: str, depth: int = 0) -> list[Rule]:
    if depth == _DEPTH:
        raise _not_understood(where, "files include each other too deeply")
    if "/" in include.name:
        raise _not_understood(where, f"{include.name} is outside of /etc/pam.d")
    rules: list[Rule] = []
    for number, line in enumerate(read(include.name).split("\n"), start=1):
        inner = f"/etc/pam.d/{include.name}, line {number}"
        rule = _parse(line, inner)
        match rule:
            case None:
                continue
            case Include():
                if rule.how == "substack":
                    # A jump counts a substack as one rule, which the checks below do not.
                    raise _not_understood(inner, "it has a substack")
                nested = rule if rule.kind else Include(include.kind, rule.how, rule.name)
                if not include.kind or nested.kind in {"", include.kind}:
                    rules += _flatten(nested, read, inner, depth + 1)
            case Rule():
                if "pam_smsotp" in rule.text:
                    raise RefusalError(
                        f"{inner} asks for a code already, and with it every service that "
                        "includes the file",
                        remedy="enable the one or the other",
                    )
                if not include.kind or rule.kind == include.kind:
                    rules.append(rule)
    return rules


def _split(rules: list[Rule], where: str) -> Surroundings:
    """Cut an auth stack into what comes before, in and after the rules that ask."""
    start = next(
        (number for number, rule in enumerate(rules) if rule.module not in _HARMLESS), len(rules)
    )
    end = next(
        (
            number
            for number in range(start + 1, len(rules))
            if rules[number].module == "pam_permit.so"
            and rules[number].control == "required"
            and rules[number - 1].module == "pam_deny.so"
            and rules[number - 1].control == "requisite"
        ),
        None,
    )
    if end is None or start == end - 1:
        raise _not_understood(where, "it is not as pam-auth-update writes it")
    for number in range(start, end - 1):
        _require_jump_to(end, number, rules[number], where)
    before, after = rules[:start], rules[end + 1 :]
    for rule in (*before, *after):
        _require_harmless(rule, where)
    return Surroundings(tuple(before), tuple(after))


def _require_jump_to(end: int, number: int, rule: Rule, where: str) -> None:
    """Refuse a rule that could leave the block with success by any way but its end."""
    try:
        actions = rule.actions()
    except LineError as error:
        raise _not_understood(where, f"“{rule.text}”: {error}") from None
    for action in actions.values():
        ends_well = action.isdecimal() and 0 < int(action) <= end - number - 1
        if action not in {"ignore", "bad", "die"} and not ends_well:
            raise _not_understood(where, f"“{rule.text}” may end the stack with success")


def _lets_root_in(service: str, rule: Rule) -> bool:
    rootok = rule.module == "pam_rootok.so" and rule.control == "sufficient"
    return rootok and service in _OPEN_TO_ROOT


def _require_harmless(rule: Rule, where: str) -> None:
    if rule.module not in _HARMLESS or not rule.is_plain:
        raise _not_understood(where, f"“{rule.text}” is a hand-written rule")


def _parse(line: str, where: str) -> Rule | Include | None:
    try:
        return parse_line(line)
    except LineError as error:
        raise _not_understood(where, str(error)) from None


def _not_understood(where: str, reason: str) -> RefusalError:
    return RefusalError(
        f"{where}: {reason}; this stack is not changed by us, since a mistake could let anybody in",
        remedy='edit it by hand, as "Other stacks" in smsotpctl(8) shows',
    )
