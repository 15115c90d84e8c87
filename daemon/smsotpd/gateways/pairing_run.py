# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A declared pairing, driven: core's port `Pairing`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from smsotpd.core.outcome import Accepted, Outcome
from smsotpd.core.pairing_step import PairingStep, PairingStepKind, PairingSteps
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.spec import Request, Response
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    Pairing,
    PairingAnswer,
    Pause,
    Show,
    ShowCode,
    Start,
    Work,
)

# A declaration that never asks, waits or ends must not hold the daemon.
_MOST_STEPS: Final = 200

Perform = Callable[[Request, float], Awaitable[Response | Outcome]]
# Returns None once it is done, else what was in the way.
DoWork = Callable[[Work, float], Awaitable[Outcome | None]]


class PairingRun:
    """Do the work of a pairing and hand its questions on, until it ends."""

    def __init__(self, pairing: Pairing, perform: Perform, do_work: DoWork) -> None:
        self._pairing = pairing
        self._perform = perform
        self._do_work = do_work
        self._report: Report | None = None
        self._kept: dict[str, Secret] = {}
        self._is_asking = False
        self._is_begun = False
        self._started: set[asyncio.Task[Response | Outcome]] = set()

    @property
    def report(self) -> Report | None:
        """Return how it ended; None if it has not."""
        return self._report

    @property
    def kept(self) -> Mapping[str, Secret]:
        """Return the settings that it found out."""
        return self._kept

    def close(self) -> None:
        """Give it up, if it has not ended."""
        self._pairing.close()
        for each in tuple(self._started):
            each.cancel()

    async def advance(self, answer: Secret, seconds: float) -> PairingSteps:
        """Go on with an answer until the next question, wait or end, or for about `seconds`."""
        shown: list[PairingStep] = []
        ends = time.monotonic() + seconds
        sent: PairingAnswer = answer if self._is_asking else None
        self._is_asking = False
        for _ in range(_MOST_STEPS):
            try:
                step = self._pairing.send(sent) if self._is_begun else next(self._pairing)
            except StopIteration as end:
                self._report = end.value
                self.close()
                return tuple(shown)
            except Exception as error:  # noqa: BLE001  # a declaration's mistake ends this pairing
                return self._fail(shown, f"the pairing failed: {type(error).__name__}")
            self._is_begun = True
            sent = None
            match step:
                case Request() | Work():
                    done = await self._do(step, ends - time.monotonic())
                    if not isinstance(done, Response | None):
                        return self._fail(shown, _detail(done))
                    sent = done
                case Start():
                    self._start(step.request)
                case Keep():
                    self._kept[step.name] = step.value
                case Ask():
                    self._is_asking = True
                    return (*shown, _question(step))
                case Pause():
                    wait = PairingStep(PairingStepKind.WAIT, "", f"{step.seconds:g}")
                    return (*shown, wait)
                case Show():
                    shown.append(PairingStep(PairingStepKind.INFO, step.text))
                case ShowCode():
                    kind = PairingStepKind.QR if step.is_qr else PairingStepKind.CODE
                    shown.append(PairingStep(kind, step.label, step.content))
        return self._fail(shown, "the pairing does not end")

    async def _do(self, step: Request | Work, seconds: float) -> Response | Outcome | None:
        match step:
            case Request():
                return await self._perform(step, seconds)
            case Work():
                return await self._do_work(step, seconds)

    def _fail(self, shown: list[PairingStep], why: str) -> PairingSteps:
        self.close()
        self._report = Report(Condition.DOWN, why)
        return tuple(shown)

    def _start(self, request: Request) -> None:
        task = asyncio.ensure_future(self._perform(request, request.timeout))
        self._started.add(task)
        task.add_done_callback(self._started.discard)


def _question(step: Ask) -> PairingStep:
    kind = PairingStepKind.ASK_SECRET if step.is_secret else PairingStepKind.ASK
    return PairingStep(kind, step.label, "\n".join(step.choices))


def _detail(outcome: Outcome) -> str:
    return "the provider answered nothing" if isinstance(outcome, Accepted) else outcome.detail
