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
        reference = Reference(secrets.randbelow(256))
        options = self._options(item)
        try:
            parts = _encoded(item.message, self._settings, reference, options)
        except ValueError as error:
            return Delivery(Rejected(ErrorClass.CONTENT, str(error)))
        references: list[int] = []
        tried: set[Remedy] = set()
        while len(references) < len(parts):
            try:
                references.append(
                    self._dialogue.submit(parts[len(references)], lambda: _may_go(item, references))
                )
            except CommandError as error:
                failure = failure_of(error)
                item.take_back()
                if isinstance(failure.outcome, Accepted):
                    references.append(-1)
                    continue
                remedy = self._usable(failure.remedy, tried, item)
                if remedy is Remedy.NONE:
                    return Delivery(failure.outcome, is_sick=failure.is_sick)
                options = self._apply(remedy, options)
                parts = _encoded(item.message, self._settings, reference, options)
            except WithdrawnError:
                return Delivery(_WITHDRAWN)
            except HandedOverError as error:
                return Delivery(Unknown(str(error)), is_sick=True, broken=error)
            except ModemError as error:
                return Delivery(replace(_NOT_SENT, detail=str(error)), is_sick=True, broken=error)
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


def _may_go(item: Item, references: list[int]) -> bool:
    """Tell whether a part may go: the first one only while somebody wants it, the others then."""
    return bool(references) or item.hand_over()


def _encoded(
    message: Message, settings: ModemSettings, reference: Reference, options: Options
) -> tuple[Submit, ...]:
    number = message.recipient.address
    if not settings.is_international:
        number = number.removeprefix("+")
    return encode_submits(number, message.text, reference, options)
