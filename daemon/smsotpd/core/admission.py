# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Finding out what a login is asked for, and remembering where everything was proven."""

from collections.abc import Callable
from dataclasses import dataclass

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.enrolment import parse_user
from smsotpd.core.invitations import invitation_hash
from smsotpd.core.origin import address_of
from smsotpd.core.policy import Mode, Policy, Settings, mode_for
from smsotpd.core.ports import Accounts, Clock, Store
from smsotpd.core.remembered import RememberedHost, still_counts
from smsotpd.core.ruling import Check, Facts, Ruling, Treatment, rule
from smsotpd.core.throttle import is_locked
from smsotpd.core.transaction import ROOT, Context, Transaction
from smsotpd.core.ways import ways_of

Groups = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What would happen at a login, and why.

    Attributes:
        checks: what is looked at, the last of which decides; each with its file and line, which
            are empty where no file says anything.
        codes: kinds of codes that the policy accepts besides a break-glass code.
        first: the kind that comes first.
        at_hand: what the user has of them and, not enrolled, whether an invitation is out.
    """

    checks: tuple[tuple[Check, str], ...]
    treatment: Treatment
    mode: Mode
    codes: tuple[CodeKind, ...]
    first: CodeKind
    at_hand: tuple[str, ...]


class Admission:
    """Gather what policies look at; decide by `core.ruling`."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        local_day: Callable[[float], str],
        settings: Callable[[], Settings],
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = accounts
        self._local_day = local_day
        self._settings = settings

    async def groups(self, user: str, service: str) -> Groups:
        """Return a user's groups if the policy wants to know them; None if nobody says."""
        if not self._settings().policy(service).names_groups:
            return None
        return await self._accounts.groups(user)

    def ruling(
        self, context: Context, policy: Policy, mode: Mode, groups: Groups, *, is_root: bool
    ) -> Ruling:
        """Return what a login is asked for."""
        now, limits = self._clock.now(), self._settings().limits
        user, address = context.user, address_of(context.rhost)
        with self._store.change() as change:
            enrolment, failures = change.enrolment(user), change.failures(user)
            remembered = change.remembered(user, context.service, str(address)) if address else None
        facts = Facts(
            rhost=context.rhost,
            address=address,
            groups=groups,
            is_enrolled=enrolment is not None,
            is_disabled=enrolment is not None and enrolment.disabled,
            is_held=failures.disabled or is_locked(failures, limits, now),
            is_remembered=still_counts(remembered, policy.remember_seconds, now),
            is_root=is_root,
            mode=mode,
            today=self._local_day(now.wall),
        )
        return rule(policy, facts)

    def pin_still_suffices(self, transaction: Transaction) -> bool:
        """Tell whether the PIN is still enough for whom it was enough when the login began.

        A host may have been forgotten since. Groups are not asked for again: they required nothing.
        """
        if transaction.pin_suffices is None:
            return False
        is_root = transaction.uid == ROOT
        context, policy, mode = transaction.context, transaction.policy, transaction.mode
        found = self.ruling(context, policy, mode, frozenset(), is_root=is_root)
        return found.treatment is Treatment.PIN_ALONE

    def remember(self, transaction: Transaction) -> None:
        """Remember from where every factor was proven, if the policy does.

        Only what root says of the remote host is believed, and only an address is a host.
        """
        policy, context = transaction.policy, transaction.context
        address = address_of(context.rhost)
        if not policy.remember_seconds or address is None or transaction.uid != ROOT:
            return
        now = self._clock.now()
        host = RememberedHost(
            context.user, context.service, str(address), now, policy.remember_seconds
        )
        with self._store.change() as change:
            change.put_remembered(host)

    async def explain(self, user: str, service: str, rhost: str) -> Explanation:
        """Say what would happen if root began this login now.

        Raises:
            BadArgumentError: the user's name cannot be one.
        """
        settings = self._settings()
        policy = settings.policy(service)
        mode = mode_for(policy, Mode.AUTO, service)
        groups = await self.groups(parse_user(user), service)
        context = Context(user, service, rhost)
        found = self.ruling(context, policy, mode, groups, is_root=True)
        checks = tuple((check, settings.source(service, check.key)) for check in found.checks)
        codes = tuple(kind for kind in CodeKind if kind in policy.codes)
        at_hand = self._at_hand(user, policy)
        return Explanation(checks, found.treatment, mode, codes, policy.first, at_hand)

    def _at_hand(self, user: str, policy: Policy) -> tuple[str, ...]:
        now = self._clock.now()
        with self._store.change() as change:
            enrolment, ways = change.enrolment(user), ways_of(change, user, policy.codes, now)
            is_invited = bool(invitation_hash(change, user, now))
        is_usable = enrolment is not None and not enrolment.disabled
        found = [
            ("sent", is_usable and CodeKind.SENT in policy.codes),
            ("authenticator", ways.authenticator),
            (f"recovery: {ways.recovery_codes} left", ways.recovery_codes > 0),
            ("break-glass", ways.break_glass),
            ("invitation", is_invited),
        ]
        return tuple(name for name, is_there in found if is_there)
