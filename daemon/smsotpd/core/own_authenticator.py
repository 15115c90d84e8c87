# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users add and remove their own authenticator app, after they proved the old factors."""

from smsotpd.core import prompts
from smsotpd.core.authenticator import DIGITS
from smsotpd.core.authenticators import Authenticators
from smsotpd.core.ending import deny
from smsotpd.core.errors import NotFoundError, RefusedError
from smsotpd.core.ports import Journal, Store
from smsotpd.core.proving import CHANGED_MEANWHILE
from smsotpd.core.self_change import SelfChange
from smsotpd.core.transaction import Result, Stage, Steps


class OwnAuthenticator:
    """Lead a user from proven factors to another app, or to none."""

    def __init__(self, store: Store, authenticators: Authenticators, journal: Journal) -> None:
        self._store = store
        self._authenticators = authenticators
        self._journal = journal

    def offer(self, change: SelfChange) -> Steps:
        """Show what an app needs; one that the user has stays in force until `confirm`."""
        if not self._is_as_it_was(change):
            return self._refuse(change)
        offer = self._authenticators.add(change.context.user, DIGITS[0], change.uid)
        change.offered, change.stage = offer.name, Stage.APP
        return prompts.offer_app(offer.uri, offer.seed)

    def confirm(self, change: SelfChange, answer: str) -> Steps:
        """Make the app count if it showed a right code."""
        if not self._is_as_it_was(change):
            return self._refuse(change)
        try:
            self._authenticators.confirm(change.offered, answer)
        except RefusedError:
            return prompts.ask_app_code_again()
        except NotFoundError:
            reason, told = f"{change.wish.kind}: too many wrong codes", prompts.TOO_MANY_WRONG
            return deny(self._journal, change, Result.MAXTRIES, reason, told)
        return prompts.end_changed()

    def remove(self, change: SelfChange) -> Steps:
        """Accept codes of the app no more."""
        if not self._is_as_it_was(change):
            return self._refuse(change)
        try:
            self._authenticators.remove(change.context.user, change.uid)
        except NotFoundError:
            return self._refuse(change)
        return prompts.end_changed()

    def _is_as_it_was(self, change: SelfChange) -> bool:
        """Tell whether the factors that were proven are still the user's."""
        with self._store.change() as stored:
            return stored.enrolment(change.context.user) == change.before

    def _refuse(self, change: SelfChange) -> Steps:
        reason = f"{change.wish.kind}: {CHANGED_MEANWHILE}"
        return deny(self._journal, change, Result.AUTH_ERR, reason, prompts.NOT_CHANGED)
