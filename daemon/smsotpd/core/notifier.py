# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telling people of events, through the same gateways as codes, and after them."""

from collections import deque
from collections.abc import Callable, Iterable

from smsotpd.core.courier import Courier
from smsotpd.core.errors import SmsOtpError
from smsotpd.core.event_names import kind_of
from smsotpd.core.events import Event, Login, NotificationFailed, NotificationSent
from smsotpd.core.limits import Budget
from smsotpd.core.message import Message
from smsotpd.core.notification import SERVICE, Notification, facts_of, text_of
from smsotpd.core.outcome import Accepted
from smsotpd.core.phrase import Languages
from smsotpd.core.policy import Settings
from smsotpd.core.ports import Clock, Journal, Store, StoreChange
from smsotpd.core.recipient import Recipient
from smsotpd.core.routing import Attempt
from smsotpd.core.throttle import CounterKey, count_within

_MOST_WAITING = 1000
_HOUR = 3600.0


class Notifier:
    """Record events in the journal, and remember those that somebody wants to be told of.

    It is a journal itself: whatever records an event need not know who is told. Sending is left to
    whoever calls `send_next`, so that no login waits for it.
    """

    def __init__(
        self, inner: Journal, settings: Callable[[], Settings], wake: Callable[[], None]
    ) -> None:
        self._inner = inner
        self._settings = settings
        self._wake = wake
        self._waiting: deque[tuple[Notification, Event]] = deque(maxlen=_MOST_WAITING)

    def record(self, event: Event) -> None:
        """Record one event; never raises."""
        self._inner.record(event)
        wanted = [n for n in self._settings().notifications.values() if n.wants(event)]
        if wanted:
            self._waiting.extend((notification, event) for notification in wanted)
            self._wake()

    def tell(self, notification: Notification, event: Event) -> None:
        """Remember an event for a notification that stands in no file."""
        self._waiting.append((notification, event))
        self._wake()

    def next(self) -> tuple[Notification, Event] | None:
        """Return the oldest event that somebody is still to be told of."""
        return self._waiting.popleft() if self._waiting else None


class Notifications:
    """Send what the notifier remembered, oldest first, within each notification's budget."""

    def __init__(
        self,
        notifier: Notifier,
        store: Store,
        clock: Clock,
        courier: Courier,
        local_time: Callable[[float], tuple[str, str]],
        settings: Callable[[], Settings],
        languages: Languages,
    ) -> None:
        self._notifier = notifier
        self._store = store
        self._clock = clock
        self._courier = courier
        self._local_time = local_time
        self._settings = settings
        self._languages = languages

    async def send_next(self) -> bool:
        """Tell of the oldest event; return whether there was one."""
        found = self._notifier.next()
        if found is None:
            return False
        notification, event = found
        try:
            await self._send(notification, event)
        except SmsOtpError as error:
            self._failed(notification, event, str(error))
        return True

    async def _send(self, notification: Notification, event: Event) -> None:
        user, kind = facts_of(event).get("user", ""), kind_of(type(event))
        with self._store.change() as change:
            enrolment = change.enrolment(user) if user else None
            # A "/" is in no user's name (`parse_user`).
            is_for_user = notification.to_user and enrolment is not None and not enrolment.disabled
            tells_user = is_for_user and self._count(change, notification, f"{kind}/{user}")
            tells_others = bool(notification.to) and self._count(change, notification, kind)
        if (is_for_user and not tells_user) or (notification.to and not tells_others):
            self._failed(notification, event, "it was sent often enough in this hour")
        phone = enrolment.recipients[0].masked if enrolment else ""
        settings = self._settings()
        moment = self._local_time(self._clock.now().wall)
        # Not the language of whoever caused it: that may be somebody else.
        catalogue = self._languages.catalogue(settings.default_policy.language)
        text = text_of(catalogue, notification.text, event, settings.host, phone, moment)
        if tells_user and enrolment is not None:
            await self._tell(notification, event, enrolment.recipients, text, any_of_them=True)
        if tells_others:
            await self._tell(notification, event, notification.to, text, any_of_them=False)

    def _count(self, change: StoreChange, notification: Notification, subject: str) -> bool:
        """Count a message; tell whether it is not one too many.

        Each kind of event is counted for itself, and each user: who floods us with one kind, or as
        one user, must not thereby keep others from being told, nor from being told another thing.
        """
        key = CounterKey("notify", notification.name, subject)
        budget = Budget(notification.most_per_hour, _HOUR)
        counter = count_within(change.counter(key), budget, self._clock.now())
        if counter is not None:
            change.put_counter(key, counter)
        return counter is not None

    async def _tell(
        self,
        notification: Notification,
        event: Event,
        recipients: Iterable[Recipient],
        text: str,
        *,
        any_of_them: bool,
    ) -> None:
        login = Login("", SERVICE)
        kind = kind_of(type(event))

        def told(
            _login: Login, masked: str, attempt: Attempt
        ) -> NotificationSent | NotificationFailed:
            name, gateway, outcome = notification.name, attempt.gateway, attempt.outcome
            if isinstance(outcome, Accepted):
                return NotificationSent(name, kind, masked, gateway)
            reason = f"{outcome.error_class.value}: {outcome.detail}"
            return NotificationFailed(name, kind, reason, masked, gateway)

        for recipient in recipients:
            message = Message(recipient, text)
            deadline = self._settings().send_deadline

            delivery = await self._courier.deliver(
                login, message, deadline, only=notification.gateway, event_of=told
            )
            if any_of_them and delivery.may_arrive:
                return

    def _failed(self, notification: Notification, event: Event, reason: str) -> None:
        failed = NotificationFailed(notification.name, kind_of(type(event)), reason)
        self._notifier.record(failed)
