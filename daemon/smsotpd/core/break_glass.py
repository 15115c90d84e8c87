# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Letting a user in for once without a code being sent: by root only, for a time, with a reason.

Source: PCI DSS 4.0.1, 8.5.1: a way around the second factor is an exception, documented, authorised
by management, and limited in time.
"""

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import (
    BadArgumentError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
)
from smsotpd.core.events import BreakGlassExpired, BreakGlassMade
from smsotpd.core.old_address import BREAK_GLASS_MADE, Tell, tell_of_way
from smsotpd.core.ports import Clock, CodeSource, Journal, PinHasher, Store, StoreChange
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import (
    BREAK_GLASS_LETTER,
    BreakGlass,
    grouped,
    is_over,
    new_spare_code,
)
from smsotpd.core.text import has_control_characters
from smsotpd.core.transaction import ROOT

SHORTEST_SECONDS = 60
LONGEST_SECONDS = 86_400
_LONGEST_REASON = 200


class BreakGlasses:
    """Make break-glass codes, and take back those whose time is over."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hasher: PinHasher,
        source: CodeSource,
        journal: Journal,
        tell: Tell,
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._source = source
        self._journal = journal
        self._tell = tell

    async def make(self, user: str, seconds: int, reason: str, by_uid: int) -> str:
        """Make a code that is accepted once, in place of the sent one; an older one dies.

        Raises:
            NotAuthorizedError: the caller is not root.
            BadArgumentError: time or reason is not acceptable.
            NotFoundError: nobody of that name is enrolled.
            RefusedError: the user is disabled.
        """
        if by_uid != ROOT:
            raise NotAuthorizedError("only root may break the glass")
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise BadArgumentError("time", "must be between a minute and a day")
        why = reason.strip()
        if not why or len(why) > _LONGEST_REASON or has_control_characters(why):
            raise BadArgumentError("reason", f"must be one line of up to {_LONGEST_REASON} letters")
        with self._store.change() as change:
            _require_active(change, user)
        code = new_spare_code(BREAK_GLASS_LETTER, self._source.token)
        encoded = await self._hasher.hash(Secret(code))
        out = BreakGlass(user, encoded, why, by_uid, self._clock.now(), float(seconds))
        with self._store.change() as change:
            enrolment = _require_active(change, user)
            change.put_break_glass(out)
        event = BreakGlassMade(user, why, out.lifetime, by_uid)
        self._journal.record(event)
        tell_of_way(self._tell, event, enrolment.recipients, BREAK_GLASS_MADE)
        return grouped(code)

    def expire(self) -> None:
        """Take back the codes whose time is over, and tell the journal that nobody used them.

        Raises:
            UnavailableError: the store cannot be written now.
        """
        now = self._clock.now()
        with self._store.change() as change:
            over = [code for code in change.break_glasses() if is_over(code, now)]
            for code in over:
                change.drop_break_glass(code.user)
        for code in over:
            self._journal.record(BreakGlassExpired(code.user, code.reason))


def _require_active(change: StoreChange, user: str) -> Enrolment:
    enrolment = change.enrolment(user)
    if enrolment is None:
        raise NotFoundError("no user of that name is enrolled")
    if enrolment.disabled:
        raise RefusedError(f"{user} is disabled; unlock the user first")
    return enrolment
