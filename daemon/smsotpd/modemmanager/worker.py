# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The thread of one gateway over ModemManager: finds its modem, sends what waits, comes back."""

import time
from typing import Final

from smsotpd.core.outcome import ErrorClass
from smsotpd.dbus.service import AbsentError, CallError, Service, ServiceError
from smsotpd.modem.carrier import Carrier
from smsotpd.modem.errors import LineError, NotReadyError
from smsotpd.modemmanager import names
from smsotpd.modemmanager.choice import choose
from smsotpd.modemmanager.delivery import Delivering
from smsotpd.modemmanager.facts import Facts
from smsotpd.modemmanager.failures import RIGHTS, is_refusal_of_rights
from smsotpd.modemmanager.manager import Manager
from smsotpd.modemmanager.marks import Marks
from smsotpd.modemmanager.settings import ManagedSettings
from smsotpd.modemmanager.timing import Timing

_IDLE_SECONDS: Final = 1.0


class ManagedModem(Carrier):
    """Send through one of ModemManager's modems until stopped."""

    def __init__(self, settings: ManagedSettings, marks: Marks, timing: Timing) -> None:
        super().__init__(settings, timing)
        self.facts: Facts = Facts()
        self._settings = settings
        self._marks = marks
        self._timing = timing
        self._seen: set[str] = set()

    def _live(self) -> None:
        """Find the modem and serve; ends by an exception, or when stopped."""
        try:
            with Service(names.SERVICE) as service:
                self._serve(Manager(service, self._timing))
        except AbsentError:
            raise NotReadyError(
                "ModemManager does not run; see: systemctl status ModemManager"
            ) from None
        except CallError as error:
            if is_refusal_of_rights(error.name):
                raise NotReadyError(RIGHTS, ErrorClass.AUTH) from None
            raise LineError("ModemManager refuses a question; is the modem gone?") from None
        except ServiceError as error:
            raise LineError(f"ModemManager: {error}") from None

    def _serve(self, manager: Manager) -> None:
        modem = self._found(manager)
        if modem.is_disabled and self._settings.may_enable:
            manager.enable(modem.path)
        modem = self._ready(manager)
        self._delete_leftovers(manager, modem.path)
        if not manager.may_send(modem.path):
            raise NotReadyError(RIGHTS, ErrorClass.AUTH)
        delivering = Delivering(
            manager, modem.path, self._settings, self._marks, self._timing, self._stopping.wait
        )
        self._set_ready()
        look_at = time.monotonic() + self._timing.probe
        while not self._stopping.is_set():
            wait = self._pause_for_pace()
            if wait > 0:
                self._stopping.wait(min(wait, _IDLE_SECONDS))
                continue
            item = self._work.take(self, min(_IDLE_SECONDS, self._timing.probe))
            if item is not None:
                broken = self._deliver_by(delivering.deliver, item).broken
                if broken is not None:
                    raise broken
            elif time.monotonic() >= look_at:
                self._look(manager, modem.path)
                look_at = time.monotonic() + self._timing.probe

    def _found(self, manager: Manager) -> Facts:
        self.facts = Facts()
        self.facts = choose(self._settings.device, manager.modems())
        return self.facts

    def _ready(self, manager: Manager) -> Facts:
        """Return the modem when it is ready, which takes a while after it was plugged in."""
        end = time.monotonic() + self._timing.register
        while True:
            modem = self._found(manager)
            obstacle = modem.obstacle
            if obstacle is None:
                return modem
            is_passing = obstacle.error_class is ErrorClass.TEMPORARY
            if not is_passing or time.monotonic() > end or self._stopping.is_set():
                raise obstacle
            self._stopping.wait(self._timing.poll)

    def _look(self, manager: Manager, path: str) -> None:
        """See whether the modem is still there and ready, and what was reported."""
        modems = {modem.path: modem for modem in manager.modems()}
        if path not in modems:
            self.facts = Facts()
            raise LineError("the modem is gone from ModemManager")
        self.facts = modems[path]
        if self.facts.obstacle is not None:
            raise self.facts.obstacle
        if self._settings.wants_report:
            self._read_reports(manager, path)

    def _read_reports(self, manager: Manager, path: str) -> None:
        """Count the status reports of our messages and delete these; look at no other twice."""
        there = manager.messages(path)
        for message in there:
            if message in self._seen:
                continue
            self._seen.add(message)
            report = manager.report(message)
            if report is not None and self.record.note_fate(report):
                manager.delete(path, message)
        self._seen &= set(there)

    def _delete_leftovers(self, manager: Manager, path: str) -> None:
        """Delete the messages that a run of ours before this one left behind."""
        for mark in self._marks.left(manager.instance):
            if mark.modem == path and manager.delete(path, mark.message):
                self._marks.drop(mark)
