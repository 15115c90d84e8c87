# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking an account to a gateway, in steps between its provider and the administrator."""

from collections.abc import Callable
from dataclasses import dataclass

from smsotpd.core.errors import BusyError, NotFoundError
from smsotpd.core.gateways import Gateways
from smsotpd.core.moment import Moment, may_have_passed
from smsotpd.core.pairing_step import PairingStep, PairingStepKind, PairingSteps
from smsotpd.core.ports import Clock, CodeSource, Pairing
from smsotpd.core.report import Condition
from smsotpd.core.secret import Secret

_NAME_BITS = 128
_MOST_OPEN = 8
_SECONDS = 900.0


@dataclass(slots=True)
class _Open:
    gateway: str
    owner: str
    by_uid: int
    begun: Moment
    pairing: Pairing


class Pairings:
    """Keep the pairings in progress; nothing of one that is given up is stored."""

    def __init__(
        self,
        gateways: Gateways,
        clock: Clock,
        source: CodeSource,
        seconds_per_step: Callable[[], float],
    ) -> None:
        self._gateways = gateways
        self._clock = clock
        self._source = source
        self._seconds_per_step = seconds_per_step
        self._open: dict[str, _Open] = {}

    def begin(self, gateway: str, owner: str, by_uid: int) -> str:
        """Begin to link a gateway; return the pairing's name.

        Raises:
            NotFoundError: no gateway has that name.
            RefusedError: its type needs no pairing.
            BusyError: too many pairings are open.
        """
        pairing = self._gateways.pairing(gateway)
        now = self._clock.now()
        for name, stale in list(self._open.items()):
            if may_have_passed(stale.begun, _SECONDS, now):
                self._end(name)
        if len(self._open) >= _MOST_OPEN:
            raise BusyError("too many pairings are open; try again later")
        name = self._source.token(_NAME_BITS)
        self._open[name] = _Open(gateway, owner, by_uid, now, pairing)
        return name

    async def proceed(self, name: str, answer: Secret, owner: str) -> PairingSteps:
        """Go on with an answer: an empty one at first, and after a wait that was asked for.

        Raises:
            NotFoundError: no such pairing of this connection is open.
        """
        found = self._open.get(name)
        if found is None or found.owner != owner:
            raise NotFoundError("no such pairing is open; begin again")
        steps = await found.pairing.advance(answer, self._seconds_per_step())
        report = found.pairing.report
        if report is None or name not in self._open:
            return steps
        self._end(name)
        if report.condition is Condition.DOWN:
            return (*steps, PairingStep(PairingStepKind.FAILED, report.summary))
        if found.pairing.kept:
            self._gateways.keep(found.gateway, found.pairing.kept, found.by_uid)
        return (*steps, PairingStep(PairingStepKind.DONE, report.summary, _lines(report.facts)))

    def owner_left(self, owner: str) -> None:
        """Give up the pairings of a connection that is gone."""
        for name, found in list(self._open.items()):
            if found.owner == owner:
                self._end(name)

    def _end(self, name: str) -> None:
        found = self._open.pop(name, None)
        if found is not None:
            found.pairing.close()


def _lines(facts: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"{label}: {text}" for label, text in facts)
