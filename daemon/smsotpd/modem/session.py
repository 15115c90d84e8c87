# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""From an open port to a modem that can send: settings, SIM, network, service centre."""

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import replace

from smsotpd.core.outcome import ErrorClass
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import CommandError, NotReadyError
from smsotpd.modem.facts import Facts
from smsotpd.modem.pin_marks import PinMarks
from smsotpd.modem.settings import ModemSettings
from smsotpd.modem.timing import Timing
from smsotpd.modem.unlocking import Unlocking, is_closed

_RADIO_ON = re.compile(r"\+CFUN: ?1\b")
_REGISTRATION = re.compile(r"\+C(?:G|E)?REG: ?\d+, ?(\d+)")
_SIGNAL = re.compile(r"\+CSQ: ?(\d+)")
_OPERATOR = re.compile(r'\+COPS: ?\d+, ?\d+, ?"([^"]*)"')
_CENTRE = re.compile(r'\+CSCA: ?"([^"]*)"')
_STORAGE = re.compile(r'\+CPMS: ?"[^"]*", ?(\d+), ?(\d+)')
_IMEI = re.compile(r"(?:\+CGSN: ?)?\"?(\d{14,17})\"?")
_MOST_SHOWN = 40


class Session:
    """One modem from its opening to its loss.

    Attributes:
        facts: what is known so far, also while starting and after a failure.
    """

    def __init__(
        self, dialogue: Dialogue, settings: ModemSettings, marks: PinMarks, timing: Timing
    ) -> None:
        self.facts = Facts()
        self._dialogue = dialogue
        self._settings = settings
        self._marks = marks
        self._timing = timing

    def start(self, path: str) -> None:
        """Make the modem ready to send.

        Raises:
            NotReadyError: a SIM, a network or a setting is missing; the text says which.
            ModemError: the modem fails.
        """
        self.facts = replace(self.facts, path=path)
        self._dialogue.wake()
        self._name_errors()
        self._identify()
        self.facts = replace(self.facts, sim="not ready")
        holders = (self.facts.imei or "no IMEI", self._settings.holder)
        unlocking = Unlocking(self._dialogue, self._timing, self._marks, holders)
        self.facts = replace(self.facts, sim=unlocking.open(self._settings.pin).lower())
        self.configure()
        self._register()
        self._find_service_centre()
        self.look()

    def configure(self) -> None:
        """Give the settings that a reset loses."""
        self._name_errors()
        # Whoever closes the port drops DTR, which may end more than a call.
        self._try("AT&D0")
        if not any(_RADIO_ON.match(line) for line in self._try("AT+CFUN?") or ["+CFUN: 1"]):
            self._try("AT+CFUN=1", self._timing.pin)
        # Silence, so that an answer is not taken for news of the same name, and the reverse.
        for text in ("AT+CREG=0", "AT+CGREG=0", "AT+CEREG=0", "AT+CLIP=0", "AT+CRC=0", "AT+CSMS=0"):
            self._try(text)
        if "huawei" in self.facts.maker.lower():
            self._try("AT^CURC=0")
        reports = int(self._settings.wants_report)
        if self._try(f"AT+CNMI=2,0,0,{reports},0") is None:
            self._try(f"AT+CNMI=1,0,0,{reports},0")
        self._in_pdu_mode()

    def check_sim(self) -> None:
        """See whether the SIM is still open.

        Raises:
            NotReadyError: it is not: the modem began anew on the same port.
            ModemError: the modem does not answer.
        """
        if is_closed(self._dialogue, self._timing):
            self.facts = replace(self.facts, sim="not ready")
            raise NotReadyError("the SIM is closed again, as after a loss of power")

    def look(self) -> None:
        """Look at network, signal and storage.

        Raises:
            ModemError: the modem does not answer.
        """
        # One that began anew unnoticed may take the length of a message for a number to send to.
        self._try("AT+CMGF=0")
        self.facts = replace(
            self.facts,
            registration=self._registration(),
            signal=int(self._found("AT+CSQ", _SIGNAL) or 99),
            operator=_fit(self._found("AT+COPS?", _OPERATOR)),
            storage=self._storage(),
        )

    def delete_messages(self) -> None:
        """Delete everything stored in the modem (3GPP TS 27.005, 3.5.4)."""
        self._try("AT+CMGD=1,4", self._timing.pin)

    def _name_errors(self) -> None:
        # As long as nobody asked for numbers, all errors are a bare ERROR.
        self._try("AT+CMEE=1")

    def _identify(self) -> None:
        maker = self._line("AT+CGMI")
        model = self._line("AT+CGMM")
        imei = self._found("AT+CGSN", _IMEI)
        self.facts = replace(self.facts, maker=maker, model=model, imei=imei)

    def _in_pdu_mode(self) -> None:
        end = time.monotonic() + self._timing.sim
        while True:
            try:
                self._dialogue.command("AT+CMGF=0")
            except CommandError as error:
                # The message service starts after the SIM.
                if time.monotonic() > end:
                    raise NotReadyError(
                        f"the modem has no PDU mode, or its messages are not ready ({error})",
                        ErrorClass.SENDER,
                    ) from None
                self._dialogue.pause()
            else:
                return

    def _register(self) -> None:
        end = time.monotonic() + self._timing.register
        while True:
            self.facts = replace(self.facts, registration=self._registration())
            if self.facts.is_registered:
                return
            if time.monotonic() > end:
                break
            self._dialogue.pause()
        if self.facts.is_denied:
            raise NotReadyError("the network denies this SIM; ask the operator", ErrorClass.AUTH)
        network = self.facts.network or "the modem does not say"
        raise NotReadyError(f"no network ({network}); mind antenna and operator")

    def _registration(self) -> tuple[int, ...]:
        questions = ("AT+CREG?", "AT+CGREG?", "AT+CEREG?")
        states = [self._found(question, _REGISTRATION) for question in questions]
        return tuple(int(state) for state in states if state)

    def _find_service_centre(self) -> None:
        if self._settings.service_centre:
            self._try(f'AT+CSCA="{self._settings.service_centre}",145', self._timing.pin)
        end = time.monotonic() + self._timing.smsc
        while True:
            centre = self._found("AT+CSCA?", _CENTRE)
            if centre:
                self.facts = replace(self.facts, service_centre=_fit(centre))
                return
            if time.monotonic() > end:
                raise NotReadyError(
                    "the SIM names no service centre; set SERVICE_CENTRE", ErrorClass.SENDER
                )
            self._dialogue.pause()

    def _storage(self) -> tuple[int, int] | None:
        for line in self._try("AT+CPMS?") or ():
            if found := _STORAGE.match(line):
                return int(found[1]), int(found[2])
        return None

    def _line(self, text: str) -> str:
        """Return the first line of an answer, its prefix left out, fit to be shown."""
        for line in self._try(text) or ():
            shown = line.removeprefix(f"{text.removeprefix('AT')}:").strip().strip('"')
            return _fit(shown)
        return ""

    def _found(self, text: str, pattern: re.Pattern[str]) -> str:
        for line in self._try(text) or ():
            if found := pattern.match(line):
                return found[1]
        return ""

    def _try(self, text: str, seconds: float | None = None) -> Sequence[str] | None:
        """Return the answer to a command, or None where the modem refuses it."""
        with contextlib.suppress(CommandError):
            return self._dialogue.command(text, seconds)
        return None


def _fit(text: str) -> str:
    """Return what a modem said of itself, fit to be shown."""
    return "".join(char for char in text if char.isprintable())[:_MOST_SHOWN]
