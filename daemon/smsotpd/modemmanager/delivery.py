# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One message through ModemManager: made, sent, and deleted whatever became of it."""

import contextlib
import math
import time
from collections.abc import Callable
from typing import Final

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected, Unknown
from smsotpd.dbus.service import CallError, LostError, ServiceError, SilentError, variant
from smsotpd.modem.delivery import Delivery
from smsotpd.modem.errors import HandedOverError, LineError
from smsotpd.modem.failures import Failure, Remedy
from smsotpd.modem.item import Item
from smsotpd.modemmanager import names
from smsotpd.modemmanager.failures import failure_of_sending, is_gone, outcome_of_creating
from smsotpd.modemmanager.manager import Manager
from smsotpd.modemmanager.marks import Mark, Marks
from smsotpd.modemmanager.settings import ManagedSettings
from smsotpd.modemmanager.timing import Timing

_WITHDRAWN: Final = Deferred(ErrorClass.TEMPORARY, "given up before it was handed over")
_NOT_TAKEN: Final = "ModemManager failed before the message was handed over"
_MOST_TRIES: Final = 4


class Delivering:
    """Send messages through one modem."""

    def __init__(
        self,
        manager: Manager,
        modem: str,
        settings: ManagedSettings,
        marks: Marks,
        timing: Timing,
        pause: Callable[[float], object],
    ) -> None:
        self._manager = manager
        self._modem = modem
        self._settings = settings
        self._marks = marks
        self._timing = timing
        self._pause = pause

    def deliver(self, item: Item) -> Delivery:
        """Send a message; never raises, as a failure is what became of it."""
        if not _is_writable(item.message.text):
            return Delivery(Rejected(ErrorClass.CONTENT, "the text cannot be sent over the bus"))
        try:
            path = self._manager.create(self._modem, self._described(item))
        except CallError as error:
            return Delivery(outcome_of_creating(error.name))
        except ServiceError as error:
            return Delivery(
                Deferred(ErrorClass.TEMPORARY, _NOT_TAKEN), broken=LineError(str(error))
            )
        mark = Mark(self._manager.instance, self._modem, path)
        self._marks.add(mark)
        try:
            return self._send(path, item)
        finally:
            if self._manager.delete(self._modem, path):
                self._marks.drop(mark)

    def _described(self, item: Item) -> dict[str, tuple[str, object]]:
        """Return the properties of a message: name, signature and value."""
        found: dict[str, tuple[str, object]] = {
            "number": ("s", item.message.recipient.address),
            "text": ("s", item.message.text),
            "delivery-report-request": ("b", self._settings.wants_report),
        }
        if item.message.lifetime:
            found["validity"] = ("(uv)", [names.RELATIVE, _minutes(item)])
        if self._settings.is_flash:
            found["class"] = ("i", 0)
        return found

    def _send(self, path: str, item: Item) -> Delivery:
        for tries_left in reversed(range(_MOST_TRIES)):
            if not item.hand_over():
                break
            try:
                self._hand_over(path)
            except CallError as error:
                failure = failure_of_sending(error.name)
                if not (tries_left and _helps_to_wait(failure)):
                    return Delivery(failure.outcome)
                item.take_back()
                self._pause(self._timing.retry)
            except HandedOverError as error:
                return Delivery(Unknown(str(error)), broken=error)
            else:
                return self._accepted(path)
        return Delivery(_WITHDRAWN)

    def _hand_over(self, path: str) -> None:
        """Send; return when the network has it.

        Raises:
            CallError: ModemManager says that it failed.
            HandedOverError: nobody says what became of it.
        """
        end = time.monotonic() + self._timing.send
        pending = self._manager.begin_send(path)
        try:
            while not self._manager.wait(pending, self._timing.watch):
                if time.monotonic() > end:
                    raise HandedOverError("ModemManager does not say what became of the message")
                if self._is_sent(path):
                    return
            self._manager.result(pending)
        except LostError:
            raise HandedOverError("ModemManager went away while it sent the message") from None
        finally:
            pending.task.cancel()

    def _is_sent(self, path: str) -> bool:
        """Look at a message whose result is not here yet."""
        try:
            return self._manager.number(path, "State") == names.SENT
        except SilentError:
            return False
        except CallError as error:
            if is_gone(error.name):
                raise HandedOverError("the modem vanished while it sent the message") from None
            return False

    def _accepted(self, path: str) -> Delivery:
        reference = -1
        with contextlib.suppress(ServiceError):
            reference = self._manager.number(path, "MessageReference")
        if reference < 0:
            return Delivery(Accepted())
        return Delivery(Accepted(str(reference)), (reference,))


def _minutes(item: Item) -> object:
    return variant("u", max(1, math.ceil((item.dies_at - time.monotonic()) / 60)))


def _helps_to_wait(failure: Failure) -> bool:
    return failure.remedy in {Remedy.WAIT, Remedy.ONCE}


def _is_writable(text: str) -> bool:
    """Tell whether a text may stand in a message of the bus, which drops whoever sends others."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
