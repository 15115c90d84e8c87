# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Work out what libpam makes of a chain when its modules return what we say they do.

The rules are those of libpam's dispatcher (pam.d(5) tells most of them): an impression, which a
success makes positive and a failure negative for good; jumps, which leave no impression; substacks,
within which “done” and “die” end no more than the substack.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from smsotpd.cli.pam.control import Action
from smsotpd.cli.pam.handlers import Chain, Handler
from smsotpd.cli.pam.returns import ABORT, IGNORE, NAMES, PERM_DENIED, SUCCESS

Returns = Callable[[Handler], int]
"""What a module returns, as PAM's number."""


class _Impression(Enum):
    NONE = 0
    POSITIVE = 1
    NEGATIVE = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a program sees of a chain.

    Attributes:
        status: as PAM's number.
        called: the entries whose modules ran, in order, with what each returned.
    """

    status: int
    called: tuple[tuple[Handler, int], ...]

    @property
    def is_granted(self) -> bool:
        """Tell whether the program is told yes."""
        return self.status == SUCCESS

    def has_called(self, handler: Handler) -> bool:
        """Tell whether a module was asked."""
        return any(each is handler for each, _ in self.called)


def authenticate(chain: Chain, returns: Returns) -> Verdict:
    """Return what pam_authenticate(3) returns."""
    if chain.is_unreadable:
        return Verdict(ABORT, ())
    return _Walk(chain.handlers, returns, None).run()


def set_credentials(chain: Chain, returns: Returns, before: Verdict | None) -> Verdict:
    """Return what pam_setcred(3) returns.

    Args:
        before: the verdict of the same process; libpam then takes the way that was taken there,
            and each module on it is required. None for a process that did not authenticate.
    """
    if chain.is_unreadable:
        return Verdict(ABORT, ())
    frozen = {
        # -1 is libpam's own mark for “was not asked”.
        id(handler): status
        for handler, status in (() if before is None else before.called)
        if status != -1
    }
    return _Walk(chain.handlers, returns, frozen).run()


class _Walk:
    """One pass through a chain."""

    def __init__(
        self, handlers: Sequence[Handler], returns: Returns, frozen: dict[int, int] | None
    ) -> None:
        self._handlers, self._returns, self._frozen = handlers, returns, frozen
        self._impression, self._status = _Impression.NONE, PERM_DENIED
        # What was thought at the entrance of each substack, for “reset”.
        self._entrances = {0: (self._impression, self._status)}
        self._called: list[tuple[Handler, int]] = []

    def run(self) -> Verdict:
        index, previous = 0, 0
        while index < len(self._handlers):
            handler = self._handlers[index]
            if previous < handler.level:
                self._entrances[handler.level] = (self._impression, self._status)
            previous = handler.level
            index = self._step(index, handler)
        if self._status == SUCCESS and self._impression is not _Impression.POSITIVE:
            return Verdict(PERM_DENIED, tuple(self._called))
        return Verdict(self._status, tuple(self._called))

    def _step(self, index: int, handler: Handler) -> int:
        """Deal with one entry; return the index of the next."""
        if handler.is_substack:
            return index + 1
        returned = PERM_DENIED if handler.must_fail else self._returns(handler)
        self._called.append((handler, returned))
        decisive = returned
        if self._frozen is not None:
            decisive = self._frozen.get(id(handler), returned)
        action: Action | int = Action.BAD
        if 0 <= decisive < len(NAMES):
            action = handler.actions[decisive]
        else:
            returned = PERM_DENIED
        match action:
            case int():
                return self._jump(index, handler, action)
            case Action.RESET:
                self._impression, self._status = self._entrances[handler.level]
            case Action.OK | Action.DONE:
                self._count_as_success(returned, decisive)
                if action is Action.DONE and self._impression is _Impression.POSITIVE:
                    return self._end_of_level(index, handler)
            case Action.BAD | Action.DIE:
                if self._impression is not _Impression.NEGATIVE:
                    self._impression = _Impression.NEGATIVE
                    self._status = PERM_DENIED if returned == IGNORE else returned
                if action is Action.DIE:
                    return self._end_of_level(index, handler)
            case Action.IGNORE:
                pass
        return index + 1

    def _count_as_success(self, returned: int, decisive: int) -> None:
        is_open = self._impression is _Impression.NONE or (
            self._impression is _Impression.POSITIVE and self._status == SUCCESS
        )
        if is_open and (returned != IGNORE or decisive == returned):
            self._impression, self._status = _Impression.POSITIVE, returned

    def _jump(self, index: int, handler: Handler, count: int) -> int:
        # Upstream, a jump counts as a success when the way is taken again; Debian's libpam has
        # jumps leave no impression in either pass.
        while count and self._level_after(index) >= handler.level:
            index += 1
            while self._level_after(index) > handler.level:
                index += 1
            count -= 1
        if count:
            self._impression, self._status = _Impression.NEGATIVE, PERM_DENIED
        return index + 1

    def _end_of_level(self, index: int, handler: Handler) -> int:
        while self._level_after(index) >= handler.level:
            index += 1
        return index + 1

    def _level_after(self, index: int) -> int:
        """Return the level of the next entry; -1 behind the last."""
        following = self._handlers[index + 1 : index + 2]
        return following[0].level if following else -1
