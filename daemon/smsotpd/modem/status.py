# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How a gateway's modems are, in words: pure."""

from collections.abc import Sequence
from typing import Final

from smsotpd.core.report import Condition, Report
from smsotpd.modem.carrier import Carrier

_WORST_FIRST: Final = (Condition.DOWN, Condition.DEGRADED, Condition.READY)

Rows = tuple[tuple[str, str], ...]


def report_of(workers: Sequence[Carrier], waiting: int) -> Report:
    """Return the report of a gateway; with several modems, each row names its modem."""
    rest: Rows = (("Waiting", str(waiting)),)
    if len(workers) == 1:
        [worker] = workers
        condition, summary = _condition_of(worker)
        rows = (*worker.facts.shown(), *rest, *worker.record.shown())
        return Report(condition, summary, rows)
    found = [_condition_of(worker) for worker in workers]
    facts: list[tuple[str, str]] = []
    for worker, (condition, summary) in zip(workers, found, strict=True):
        rows = (("State", f"{condition.value}: {summary}"), *_named(worker))
        facts += [(f"{worker.number}: {label}", text) for label, text in rows]
    return Report(*_together(workers, found), (*facts, *rest))


def _named(worker: Carrier) -> Rows:
    facts = worker.facts.shown()
    port: Rows = () if worker.facts.path else (("Port", worker.device),)
    return (*port, *facts, *worker.record.shown())


def _together(
    workers: Sequence[Carrier], found: Sequence[tuple[Condition, str]]
) -> tuple[Condition, str]:
    conditions = [condition for condition, _ in found]
    worst = next(each for each in _WORST_FIRST if each in conditions)
    if worst is Condition.READY:
        return worst, f"all {len(workers)} modems can send"
    at = conditions.index(worst)
    trouble = f"modem {workers[at].number}: {found[at][1]}"
    if set(conditions) == {Condition.DOWN}:
        return worst, f"no modem can send; {trouble}"
    able = sum(worker.state.is_ready for worker in workers)
    return Condition.DEGRADED, f"{able} of {len(workers)} modems can send; {trouble}"


def _condition_of(worker: Carrier) -> tuple[Condition, str]:
    state, facts = worker.state, worker.facts
    if state.refusal is not None:
        return Condition.DOWN, state.refusal.detail
    if not state.is_ready:
        return Condition.DEGRADED, "the modem is still starting"
    if facts.complaint:
        return Condition.DEGRADED, facts.complaint
    return Condition.READY, f"registered: {facts.network}"
