# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a user may type besides a code that is sent."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.moment import Moment
from smsotpd.core.ports import StoreChange
from smsotpd.core.spare_code import is_over

ALL_KINDS = frozenset(CodeKind)


@dataclass(frozen=True, slots=True)
class Ways:
    """What a user has at hand, as far as a policy allows it.

    Attributes:
        recovery_codes: how many are left.
        break_glass: whether a break-glass code is out.
    """

    authenticator: bool = False
    recovery_codes: int = 0
    break_glass: bool = False

    def __bool__(self) -> bool:
        return self.authenticator or self.recovery_codes > 0 or self.break_glass


def ways_of_all(change: StoreChange, now: Moment) -> Callable[[Enrolment], Ways]:
    """Return what tells the ways of each user; the store is asked three times, not for each."""
    apps, left = change.users_with_authenticator(), change.recovery_codes_left()
    out = {code.user for code in change.break_glasses() if not is_over(code, now)}

    def ways(enrolment: Enrolment) -> Ways:
        user = enrolment.user
        return Ways() if enrolment.disabled else Ways(user in apps, left.get(user, 0), user in out)

    return ways


def ways_of(change: StoreChange, user: str, codes: AbstractSet[CodeKind], now: Moment) -> Ways:
    """Return what a user has; a break-glass code counts under every policy."""
    enrolment = change.enrolment(user)
    if enrolment is None or enrolment.disabled:
        return Ways()
    out = change.break_glass(user)
    has_app = CodeKind.AUTHENTICATOR in codes and change.authenticator(user) is not None
    recovery = len(change.recovery_codes(user)) if CodeKind.RECOVERY in codes else 0
    return Ways(has_app, recovery, out is not None and not is_over(out, now))
