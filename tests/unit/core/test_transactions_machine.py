# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any history of logins keeps the promises: no grant twice, without a PIN, or after its time."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from smsotpd.core.errors import NoSuchTransactionError
from smsotpd.core.events import LoginDenied, LoginGranted
from smsotpd.core.moment import Moment, has_passed
from smsotpd.core.throttle import NO_FAILURES, QUIET_SECONDS, Failures
from smsotpd.core.transaction import Result
from tests.fakes.world import PHONE, PIN, WRONG_CODE, Terminal, World

SERVICES = ("sshd", "sddm")  # a conversation, and two attempts
LIFETIME = 300.0
LOCK = 1800.0


@dataclass
class Code:
    """What the model knows of the newest code of one service.

    Attributes:
        wrong: answers that were judged wrong, to this code and to those it replaced.
        dead: whether it was used, or is gone from the store; no clock revives it.
    """

    text: str
    issued: Moment
    wrong: int = 0
    dead: bool = False


@dataclass
class Open:
    """A login in progress, and whether its user has proven the PIN."""

    terminal: Terminal
    service: str
    has_proven_pin: bool = False


class Histories(RuleBasedStateMachine):
    """Log in, guess, resend, cancel, restart and turn the clocks, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.world.enrol()
        self.world.set_policy(transaction_id=True, code_lifetime=LIFETIME)
        self.open: list[Open] = []
        self.codes: dict[str, Code] = {}
        self.old_codes: list[str] = []
        self.granted: list[str] = []
        self.ids: dict[str, str] = {}
        self.owners = 0
        self.denied = 0
        self.before = NO_FAILURES
        self.may_lower = False

    def teardown(self) -> None:
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, object]) -> object:
        return self.loop.run_until_complete(work)

    # What can happen.

    @initialize(lenient=st.booleans(), failures=st.sampled_from([0, 0, 8, 97]))
    def start_somewhere(self, lenient: bool, failures: int) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        now = self.world.clock.now()
        self.world.put_failures(Failures(min(failures, 8), failures, now if failures else None))
        if lenient:  # more happens where delays and cool-downs stop less of it
            self.world.set_limits(resend_seconds=1.0, failures_without_delay=9)

    @rule(service=st.sampled_from(SERVICES))
    def begin(self, service: str) -> None:
        self.owners += 1
        terminal = self.world.begin(service=service, owner=f":1.{self.owners}")
        self.open.append(Open(terminal, service))

    @rule(service=st.sampled_from(SERVICES))
    def prove_the_pin(self, service: str) -> None:
        self.begin(service)
        self._answer(self.open[-1], PIN)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99), pin=st.sampled_from([PIN, PIN, "Blumenkohl8", ""]))
    def answer_with_a_pin(self, which: int, pin: str) -> None:
        self._answer(self.open[which % len(self.open)], pin)

    @precondition(lambda self: any(login.has_proven_pin for login in self.open))
    @rule(which=st.integers(0, 99), kind=st.sampled_from(["newest", "newest", "old", "wrong"]))
    def answer_with_a_code(self, which: int, kind: str) -> None:
        at_prompt = [login for login in self.open if login.has_proven_pin]
        login = at_prompt[which % len(at_prompt)]
        self._answer(login, self._code(login.service, kind))

    @rule(
        kind=st.sampled_from(["newest", "newest", "old", "wrong"]),
        pin=st.sampled_from([PIN, PIN, "Blumenkohl8"]),
    )
    def log_in_with_pin_and_code(self, kind: str, pin: str) -> None:
        self.begin("sddm")
        code = self._code("sddm", kind)
        self._answer(self.open[-1], pin + code)

    @precondition(lambda self: any(login.has_proven_pin for login in self.open))
    @rule(which=st.integers(0, 99))
    def ask_for_another_code(self, which: int) -> None:
        at_prompt = [login for login in self.open if login.has_proven_pin]
        self._answer(at_prompt[which % len(at_prompt)], "r")

    @precondition(lambda self: len(self.open) > 1)
    @rule(kind=st.sampled_from(["newest", "wrong"]))
    def answer_everywhere_at_once(self, kind: str) -> None:
        logins, self.open = self.open, []
        answers = [self._code(login.service, kind) for login in logins]
        proven = dict.fromkeys(SERVICES, False)
        for login in logins:
            proven[login.service] |= login.has_proven_pin
        allowed = sum(self._is_good(service, code) for service, code in self._newest(proven))
        count = len(self.world.journal.of(LoginGranted))

        async def answer_all() -> None:
            await asyncio.gather(
                *(login.terminal.answer(text) for login, text in zip(logins, answers, strict=True)),
                return_exceptions=True,
            )

        self.run(answer_all())
        granted = [login for login in logins if login.terminal.outcome is Result.SUCCESS]
        assert len(granted) <= (allowed if kind == "newest" else 0)
        assert len(self.world.journal.of(LoginGranted)) == count + len(granted)
        for login in granted:
            self._note_grant(login.service)
        for login in logins:
            self._note_wrong_prompt(login)
            login.terminal.cancel()
        self._note_wrong()

    @precondition(lambda self: self.ids)
    @rule(service=st.sampled_from(SERVICES), kind=st.sampled_from(["newest", "old", "wrong"]))
    def verify(self, service: str, kind: str) -> None:
        if service not in self.ids:
            return
        code = self._code(service, kind)
        result = self.run(self.world.logins.verify(self.ids[service], code, lambda _user: True))
        if result is Result.SUCCESS:
            assert self._is_good(service, code)
            self._note_grant(service)
        self._note_wrong()

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99), leaves=st.booleans())
    def give_up(self, which: int, leaves: bool) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        login = self.open.pop(which % len(self.open))
        if leaves:
            self.world.logins.owner_left(login.terminal.owner)
        else:
            login.terminal.cancel()

    @rule(seconds=st.sampled_from([1.0, 10.0, 30.0, 61.0, 299.0, 301.0, 1801.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.logins.expire()
        still = {name for login in self.open if (name := login.terminal.name) in self._names()}
        self.open = [login for login in self.open if login.terminal.name in still]

    @rule()
    def prune(self) -> None:
        self.world.store.prune(self.world.clock.now())

    @rule(seconds=st.sampled_from([-86_400.0, -60.0, 60.0, 1800.0, 86_400.0]))
    def turn_the_wall_clock(self, seconds: float) -> None:
        self.world.clock.set_wall_clock(seconds)

    @rule(reboots=st.booleans())
    def start_the_daemon_anew(self, reboots: bool) -> None:  # noqa: FBT001  # Hypothesis passes it by name
        if reboots:
            self.world.clock.reboot()
        self.world.restart()
        self.open.clear()

    @precondition(lambda self: self._is_locked(self.world.failures()))
    @rule()
    def unlock(self) -> None:
        self.may_lower = True
        self.world.users.unlock("anna", 0)

    # What must hold.

    @invariant()
    def counts_fall_only_by_a_grant_an_unlocking_the_end_of_a_lock_or_a_quiet_day(self) -> None:
        before, now = self.before, self.world.failures()
        if not self.may_lower:
            assert now.in_all >= before.in_all
            assert (
                now.towards_lock >= before.towards_lock
                or before.locked is not None
                or self._was_quiet(before)
            )
            assert now.of_codes >= before.of_codes
            assert now.disabled or not before.disabled
            if before.locked is not None and now.locked != before.locked:
                assert not self._is_locked(before)
        self.before, self.may_lower = now, False

    @invariant()
    def what_is_gone_from_the_store_is_dead(self) -> None:
        for service, code in self.codes.items():
            code.dead |= self.world.challenge(service=service) is None

    @invariant()
    def no_code_is_judged_wrong_more_than_three_times(self) -> None:
        assert all(code.wrong <= 3 for code in self.codes.values())

    @invariant()
    def every_grant_used_a_code_of_its_own(self) -> None:
        assert len(self.granted) == len(set(self.granted))
        assert len(self.world.journal.of(LoginGranted)) == len(self.granted)

    @invariant()
    def every_code_was_sent_to_the_right_number(self) -> None:
        addresses = {message.recipient.address for message in self.world.gateway.messages}
        assert addresses <= {PHONE}

    # The model.

    def _answer(self, login: Open, text: str) -> None:
        """Answer one prompt, and check what came of it against the model."""
        world, terminal, service = self.world, login.terminal, login.service
        texts, failures = len(world.texts), world.failures()
        was_locked = self._is_locked(failures)
        has_right_pin = login.has_proven_pin or text.startswith(PIN)
        is_resend = login.has_proven_pin and text == "r" and self._is_alive(service)
        try:
            self.run(terminal.answer(text))
        except NoSuchTransactionError:
            self.open.remove(login)
            assert terminal.name not in self._names()
            return
        if len(world.texts) > texts:
            assert has_right_pin
            assert not was_locked
            assert len(world.texts) == texts + 1
            self._note_sent(service, is_resend=is_resend)
        self._note_id(service, terminal)
        if terminal.outcome is Result.SUCCESS:
            assert has_right_pin
            assert self._is_good(service, text.removeprefix(PIN))
            assert not was_locked
            self._note_grant(service)
        else:
            self._note_wrong_prompt(login)
            self._note_wrong()
        if terminal.outcome is not None:
            self.open.remove(login)
        elif not login.has_proven_pin:
            assert text == PIN
            login.has_proven_pin = True

    def _newest(self, proven: dict[str, bool]) -> Iterable[tuple[str, str]]:
        return [(name, code.text) for name, code in self.codes.items() if proven[name]]

    def _code(self, service: str, kind: str) -> str:
        match kind:
            case "newest" if service in self.codes:
                return self.codes[service].text
            case "old" if self.old_codes:
                return self.old_codes[-1]
            case _:
                return WRONG_CODE if service == "sshd" else "000000"

    def _is_good(self, service: str, text: str) -> bool:
        """Tell whether a code may let in: the newest, unused, unexpired, and not guessed dead."""
        code = self.codes.get(service)
        return code is not None and code.text == text and self._is_alive(service)

    def _is_alive(self, service: str) -> bool:
        code = self.codes.get(service)
        if code is None or code.dead or code.wrong >= 3:
            return False
        now = self.world.clock.now()
        if code.issued.boot_id != now.boot_id:
            return False
        return max(now.boot - code.issued.boot, now.wall - code.issued.wall) < LIFETIME

    def _was_quiet(self, before: Failures) -> bool:
        now = self.world.clock.now()
        return before.last is not None and has_passed(before.last, QUIET_SECONDS, now)

    def _is_locked(self, failures: Failures) -> bool:
        if failures.disabled:
            return True
        now, since = self.world.clock.now(), failures.locked
        if since is None:
            return False
        if since.boot_id == now.boot_id:
            return now.boot - since.boot < LOCK
        return now.wall - since.wall < LOCK

    def _note_sent(self, service: str, *, is_resend: bool) -> None:
        wrong = self.codes[service].wrong if is_resend else 0
        if service in self.codes:
            self.old_codes.append(self.codes[service].text)
        self.codes[service] = Code(self.world.code, self.world.clock.now(), wrong)

    def _note_id(self, service: str, terminal: Terminal) -> None:
        for note in terminal.notes:
            if note.startswith("Transaction id: "):
                self.ids[service] = note.removeprefix("Transaction id: ")

    def _note_grant(self, service: str) -> None:
        self.may_lower = True
        self.codes[service].dead = True
        self.granted.append(self.codes[service].text)

    def _note_wrong(self) -> None:
        """Count the wrong codes that were judged since the last look, wherever they were typed."""
        denied = self.world.journal.of(LoginDenied)
        for event in denied[self.denied :]:
            if event.reason in {"wrong code", "too many wrong codes"}:
                self.codes[event.login.service].wrong += 1
        self.denied = len(denied)

    def _note_wrong_prompt(self, login: Open) -> None:
        if login.terminal.steps[-1].text.startswith("Wrong code"):
            self.codes[login.service].wrong += 1

    def _names(self) -> set[str]:
        return set(self.world.logins._open._by_name)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
