# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One message through a modem that is ready: its parts, its refusals, its second tries."""

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import CommandError, HandedOverError, ModemError, WithdrawnError
from smsotpd.modem.failures import Remedy, failure_of
from smsotpd.modem.item import Item
from smsotpd.modem.parts import Reference
from smsotpd.modem.settings import ModemSettings
from smsotpd.modem.submit import Options, Submit, encode_submits
from smsotpd.modem.timing import Timing

_NOT_SENT = Deferred(ErrorClass.TEMPORARY, "the modem failed before the message was handed over")
_WITHDRAWN = Deferred(ErrorClass.TEMPORARY, "given up before it was handed over")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message.

    Attributes:
        references: of its parts, as the modem counts them.
        is_sick: whether the modem refused in a way that a reset may heal.
        broken: what ended the dialogue, if something did.
    """

    outcome: Outcome
    references: tuple[int, ...] = ()
    is_sick: bool = False
    broken: ModemError | None = None


class Delivering:
    """Send messages over one dialogue."""

    def __init__(
        self,
        dialogue: Dialogue,
        settings: ModemSettings,
        timing: Timing,
        delete_messages: Callable[[], None],
    ) -> None:
        self._dialogue = dialogue
        self._settings = settings
        self._timing = timing
        self._delete_messages = delete_messages

    def deliver(self, item: Item) -> Delivery:
        """Send a message; never raises, as a failure is what became of it."""
        carrying = _Carrying(item)
        try:
            return self._send(item, carrying)
        except WithdrawnError:
            return Delivery(_WITHDRAWN)
        except HandedOverError as error:
            return Delivery(Unknown(str(error)), is_sick=True, broken=error)
        except ModemError as error:
            carrying.take_back()
            return Delivery(replace(_NOT_SENT, detail=str(error)), is_sick=True, broken=error)

    def _send(self, item: Item, carrying: "_Carrying") -> Delivery:
        reference = Reference(secrets.randbelow(256))
        options = self._options(item)
        try:
            parts = _encoded(item.message, self._settings, reference, options)
        except ValueError as error:
            return Delivery(Rejected(ErrorClass.CONTENT, str(error)))
        references = carrying.references
        tried: set[Remedy] = set()
        while len(references) < len(parts):
            try:
                references.append(self._dialogue.submit(parts[len(references)], carrying.hand_over))
            except CommandError as error:
                failure = failure_of(error)
                if isinstance(failure.outcome, Accepted):
                    references.append(-1)
                    continue
                if not isinstance(failure.outcome, Unknown):
                    carrying.take_back()
                remedy = self._usable(failure.remedy, tried, item)
                if remedy is Remedy.NONE:
                    return Delivery(failure.outcome, is_sick=failure.is_sick)
                options = self._apply(remedy, options)
                parts = _encoded(item.message, self._settings, reference, options)
        shown = [str(each) for each in references if each >= 0]
        return Delivery(Accepted(",".join(shown)), tuple(references))

    def _options(self, item: Item) -> Options:
        minutes = 0
        if item.message.lifetime:
            minutes = max(1, math.ceil((item.dies_at - time.monotonic()) / 60))
        return Options(minutes, self._settings.is_flash, self._settings.wants_report)

    def _usable(self, remedy: Remedy, tried: set[Remedy], item: Item) -> Remedy:
        if item.is_over or (remedy in tried and remedy is not Remedy.WAIT):
            return Remedy.NONE
        if remedy is Remedy.CLEAN and not self._settings.may_delete:
            return Remedy.NONE
        tried.add(remedy)
        return remedy

    def _apply(self, remedy: Remedy, options: Options) -> Options:
        match remedy:
            case Remedy.WITHOUT_VALIDITY:
                return replace(options, validity_minutes=0)
            case Remedy.WITHOUT_CLASS:
                return replace(options, is_flash=False)
            case Remedy.CLEAN:
                self._delete_messages()
            case _:
                self._dialogue.listen(self._timing.poll)
        return options


class _Carrying:
    """What one modem has of an item; another one may have it as well.

    Attributes:
        references: of the parts that the network took.
    """

    def __init__(self, item: Item) -> None:
        self.references: list[int] = []
        self._item = item
        self._is_handed_over = False

    def hand_over(self) -> bool:
        """Tell whether a part may go: the first while somebody wants it, then all others."""
        if not self._is_handed_over:
            self._is_handed_over = self._item.hand_over()
        return self._is_handed_over

    def take_back(self) -> None:
        """Note that the network has none of it: refused, or lost before it got there."""
        if self._is_handed_over and not self.references:
            self._is_handed_over = False
            self._item.take_back()


def _encoded(
    message: Message, settings: ModemSettings, reference: Reference, options: Options
) -> tuple[Submit, ...]:
    number = message.recipient.address
    if not settings.is_international:
        number = number.removeprefix("+")
    return encode_submits(number, message.text, reference, options)
