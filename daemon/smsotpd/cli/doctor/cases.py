# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Say what each module of a stack returns in the case that is tried.

A case is made of what our module returns and of whether the password is right. Modules that let in
or refuse for reasons of their own are tried both ways, each time all alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from smsotpd.cli.pam.handlers import Chain, Handler
from smsotpd.cli.pam.returns import (
    AUTH_ERR,
    AUTHINFO_UNAVAIL,
    CRED_ERR,
    IGNORE,
    MODULE_UNKNOWN,
    NAMES,
    SUCCESS,
)
from smsotpd.cli.pam.terminal import Terminal

IsInstalled = Callable[[str], bool]

PASSWORD_MODULES: Final = frozenset(
    {
        "pam_krb5.so", "pam_ldap.so", "pam_mysql.so", "pam_pgsql.so", "pam_pwdfile.so",
        "pam_sss.so", "pam_systemd_home.so", "pam_unix.so", "pam_userdb.so", "pam_winbind.so",
    }
)  # fmt: skip
# They let nobody in and refuse nobody in their auth phase, as a rule.
_BYSTANDERS: Final = frozenset(
    {
        "pam_cap.so", "pam_echo.so", "pam_env.so", "pam_faildelay.so", "pam_gnome_keyring.so",
        "pam_group.so", "pam_keyinit.so", "pam_kwallet5.so", "pam_limits.so", "pam_nologin.so",
        "pam_selinux.so", "pam_ssh_add.so", "pam_umask.so", "pam_warn.so",
    }
)  # fmt: skip
# What our module returns for a wrong PIN or code, a locked user, a broken conversation.
REFUSALS: Final = tuple(
    NAMES.index(name)
    for name in ("auth_err", "maxtries", "user_unknown", "conv_err", "system_err", "perm_denied")
)
_OUT_OF_REACH: Final = (AUTHINFO_UNAVAIL, NAMES.index("cred_unavail"))


class Ours(StrEnum):
    """What becomes of the second step."""

    RIGHT = "right code"
    WRONG = "wrong code"
    DOWN = "daemon down"
    ASIDE = "user left aside"


class Others(StrEnum):
    """What the modules return that decide by reasons of their own, as pam_succeed_if."""

    IGNORE = "they stand aside"
    PASS = "they are content"  # noqa: S105  # no password
    REFUSE = "they refuse"


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a login may go.

    Attributes:
        ours: PAM's number for our module.
        accepting: which of the password modules takes the password, from 0; None for none.
        bystanders: PAM's number for those who decide nothing.
    """

    ours: int
    accepting: int | None
    others: Others
    bystanders: int


def is_ours(handler: Handler) -> bool:
    """Tell whether a rule runs our module, by the interpreter or natively."""
    return handler.module_name == Terminal.NATIVE.library or (
        handler.module_name == Terminal.PYTHON.library and "pam_smsotp" in handler.arguments
    )


def terminal_of(handler: Handler) -> Terminal:
    """Return which of the two terminals a rule of ours runs."""
    return Terminal.NATIVE if handler.module_name == Terminal.NATIVE.library else Terminal.PYTHON


def stands_aside_when_down(handler: Handler) -> bool:
    """Tell whether the rule leaves the login to the others while the daemon is out of reach."""
    return "fail=ignore" in handler.arguments.split()


def cases(chain: Chain, ours: Ours, *, right_password: bool) -> list[Case]:
    """Return every case that the words stand for."""
    rules = [handler for handler in chain.handlers if is_ours(handler)]
    ignores = bool(rules) and all(map(stands_aside_when_down, rules))
    results = {
        Ours.RIGHT: (SUCCESS,),
        Ours.WRONG: REFUSALS,
        Ours.DOWN: (IGNORE,) if ignores else _OUT_OF_REACH,
        Ours.ASIDE: (IGNORE,),
    }[ours]
    count = sum(handler.module_name in PASSWORD_MODULES for handler in chain.handlers)
    accepting = range(count) if right_password else (None,)
    return [
        Case(result, which, others, bystanders)
        for result in results
        for which in accepting
        for others in Others
        for bystanders in (IGNORE, SUCCESS)
    ]


def returns_in(
    case: Case, chain: Chain, is_installed: IsInstalled, *, credentials: bool = False
) -> Callable[[Handler], int]:
    """Return what every module of the chain returns in a case."""
    passwords = [each for each in chain.handlers if each.module_name in PASSWORD_MODULES]

    fixed = {"pam_permit.so": SUCCESS, "pam_deny.so": AUTH_ERR}
    fixed |= dict.fromkeys(_BYSTANDERS, case.bystanders)

    def returns(handler: Handler) -> int:
        name = handler.module_name
        if not is_installed(handler.module):
            return MODULE_UNKNOWN
        if credentials:
            return CRED_ERR if name == "pam_deny.so" else SUCCESS
        if is_ours(handler):
            return case.ours
        if name in PASSWORD_MODULES:
            index = next(number for number, each in enumerate(passwords) if each is handler)
            return SUCCESS if index == case.accepting else AUTH_ERR
        return fixed[name] if name in fixed else _by_own_reasons(handler, case.others)

    return returns


def _by_own_reasons(handler: Handler, others: Others) -> int:
    if handler.module_name in {"pam_faillock.so", "pam_tally2.so"}:
        # It counts; a locked user is refused, which is no gap.
        return AUTH_ERR if "authfail" in handler.arguments.split() else SUCCESS
    match others:
        case Others.IGNORE:
            return IGNORE
        case Others.PASS:
            return SUCCESS
        case Others.REFUSE:
            return AUTH_ERR
