# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The use case that concerns recovery codes; the user is told, whoever the caller is."""

from collections.abc import Callable

from smsotpd.core.enrolment import Enrolment
from smsotpd.core.errors import NotFoundError, RefusedError
from smsotpd.core.events import EnrolmentChanged
from smsotpd.core.old_address import RECOVERY_MADE, Tell, tell_of_way
from smsotpd.core.ports import CodeSource, Journal, PinHasher, Store, StoreChange
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import RECOVERY_LETTERS, grouped, new_spare_code


class RecoveryCodes:
    """Give users recovery codes."""

    def __init__(
        self, store: Store, hasher: PinHasher, source: CodeSource, journal: Journal, tell: Tell
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._source = source
        self._journal = journal
        self._tell = tell

    async def renew(
        self, user: str, by_uid: int, may_still: Callable[[Enrolment], bool] = lambda _present: True
    ) -> tuple[str, ...]:
        """Make a new set of codes in the place of the old one, and return it, this once.

        Args:
            may_still: whether whoever wants them may have them, asked when they are stored: to hash
                them takes a while.

        Raises:
            NotFoundError: nobody of that name is enrolled.
            RefusedError: whoever wants them may not have them any more.
        """
        with self._store.change() as change:
            _require_enrolled(change, user)
        codes = [new_spare_code(letter, self._source.token) for letter in RECOVERY_LETTERS]
        hashes = {code[0]: await self._hasher.hash(Secret(code)) for code in codes}
        with self._store.change() as change:
            enrolment = _require_enrolled(change, user)
            if not may_still(enrolment):
                raise RefusedError("the enrolment was changed meanwhile")
            change.put_recovery_codes(user, hashes)
        event = EnrolmentChanged(user, "new recovery codes", by_uid)
        self._journal.record(event)
        tell_of_way(self._tell, event, enrolment.recipients, RECOVERY_MADE)
        return tuple(grouped(code) for code in codes)


def _require_enrolled(change: StoreChange, user: str) -> Enrolment:
    enrolment = change.enrolment(user)
    if enrolment is None:
        raise NotFoundError("no user of that name is enrolled")
    return enrolment
