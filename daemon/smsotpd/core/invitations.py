# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Inviting users to enrol themselves: once, for a time, by the word of an administrator.

See docs/adr/0015-invitations.md. The judging is in `core.proving`, where PINs are judged.
"""

from smsotpd.core.enrolment import parse_user
from smsotpd.core.errors import BadArgumentError, NotFoundError, RefusedError
from smsotpd.core.events import InvitationExpired, InvitationMade, InvitationRevoked
from smsotpd.core.moment import Moment
from smsotpd.core.ports import Clock, CodeSource, Journal, PinHasher, Store, StoreChange
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import (
    INVITATION_LETTER,
    Invitation,
    grouped,
    is_past,
    new_spare_code,
)

SHORTEST_SECONDS = 600
LONGEST_SECONDS = 30 * 86_400


class Invitations:
    """Make invitations, and take them back."""

    def __init__(
        self, store: Store, clock: Clock, hasher: PinHasher, source: CodeSource, journal: Journal
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasher = hasher
        self._source = source
        self._journal = journal

    async def make(self, user: str, seconds: int, by_uid: int) -> str:
        """Make an invitation for who is not enrolled, and return it, this once; an older one dies.

        Raises:
            BadArgumentError: the name cannot be a user's, or the time is not acceptable.
            RefusedError: the user is enrolled.
        """
        parse_user(user)
        if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
            raise BadArgumentError("time", "must be between ten minutes and thirty days")
        with self._store.change() as change:
            _require_unenrolled(change, user)
        code = new_spare_code(INVITATION_LETTER, self._source.token)
        encoded = await self._hasher.hash(Secret(code))
        invitation = Invitation(user, encoded, by_uid, self._clock.now(), float(seconds))
        with self._store.change() as change:
            _require_unenrolled(change, user)
            change.put_invitation(invitation)
        self._journal.record(InvitationMade(user, invitation.lifetime, by_uid))
        return grouped(code)

    def revoke(self, user: str, by_uid: int) -> None:
        """Take an invitation back.

        Raises:
            NotFoundError: none is out for that name.
        """
        with self._store.change() as change:
            if change.invitation(user) is None:
                raise NotFoundError("no invitation is out for that name")
            change.drop_invitation(user)
        self._journal.record(InvitationRevoked(user, by_uid))

    def out(self) -> list[Invitation]:
        """Return the invitations that are out, ordered by user."""
        now = self._clock.now()
        with self._store.change() as change:
            return [each for each in change.invitations() if not is_past(each, now)]

    def expire(self) -> None:
        """Take back the invitations whose time is over, and tell the journal that nobody used them.

        Raises:
            UnavailableError: the store cannot be written now.
        """
        now = self._clock.now()
        with self._store.change() as change:
            past = [each for each in change.invitations() if is_past(each, now)]
            for each in past:
                change.drop_invitation(each.user)
        for each in past:
            self._journal.record(InvitationExpired(each.user))


def invitation_hash(change: StoreChange, user: str, now: Moment) -> str:
    """Return the hash of the invitation by which a user may enrol now; empty if there is none."""
    out = change.invitation(user)
    if out is None or is_past(out, now) or change.enrolment(user) is not None:
        return ""
    return out.encoded


def _require_unenrolled(change: StoreChange, user: str) -> None:
    if change.enrolment(user) is not None:
        raise RefusedError(f"{user} is enrolled already")
