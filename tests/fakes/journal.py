# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A journal that keeps its events for the test to read."""

from collections.abc import Callable
from typing import TypeVar

from smsotpd.core.events import Event

Listener = Callable[[Event], object]
_Kind = TypeVar("_Kind")


class RecordingJournal:
    """Remember every event, in order.

    Attributes:
        listener: told of each event as it is recorded.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.listener: Listener | None = None

    def record(self, event: Event) -> None:
        self.events.append(event)
        if self.listener is not None:
            self.listener(event)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
