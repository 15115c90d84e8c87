# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Read a service's stack as libpam does: includes resolved, mistakes turned into what they do.

Other than `cli.pam.stack`, which refuses whatever it does not know, this takes every file and
says what libpam makes of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from smsotpd.cli.errors import CliError
from smsotpd.cli.pam.control import ALL_BAD, Actions, ControlError, read_control

ReadFile = Callable[[str], str]
"""Return the text of a PAM file by its name as written, or raise CliError."""

FALLBACK: Final = "other"
_KINDS: Final = ("auth", "account", "password", "session")
_MOST_LEVELS: Final = 16
_BLANKS: Final = " \n\t"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands: the file by its name in /etc/pam.d, the line from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return it as compilers do."""
        path = self.file if self.file.startswith("/") else f"/etc/pam.d/{self.file}"
        return f"{path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Handler:
    """One entry of the chain that libpam walks.

    Attributes:
        level: how many substacks it is in.
        module: as written; empty for a substack's head and for a rule that always fails.
        must_fail: a mistake; libpam takes it for a module that returns PAM_PERM_DENIED.
        is_substack: the head of a substack, which does nothing and counts as one in a jump.
    """

    place: Place
    level: int
    actions: Actions
    module: str = ""
    arguments: str = ""
    control: str = ""
    must_fail: bool = False
    is_substack: bool = False

    @property
    def module_name(self) -> str:
        """Return the module's file name without directories."""
        return self.module.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that libpam does not understand, and what it does instead."""

    place: Place
    text: str


@dataclass(slots=True)
class Chain:
    """The entries of one kind, and what is wrong with the files.

    Attributes:
        is_unreadable: libpam gives up; every login ends with PAM_ABORT.
        files: by name, all that were read.
    """

    handlers: list[Handler] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    is_unreadable: bool = False


def read_chain(service: str, read: ReadFile, kind: str = "auth") -> Chain:
    """Return the chain of a service; that of `other` where it has none of this kind."""
    chain = _chain_of(service, read, kind)
    if chain.handlers or chain.is_unreadable or service == FALLBACK:
        return chain
    fallback = _chain_of(FALLBACK, read, kind)
    fallback.mistakes = chain.mistakes + fallback.mistakes
    return fallback


def _chain_of(service: str, read: ReadFile, kind: str) -> Chain:
    chain = Chain()
    try:
        text = read(service)
    except CliError:
        return chain
    chain.is_unreadable = not _Reader(kind, read, chain).read_file(service, text, "", 0, 0)
    return chain


class _Reader:
    """Walk through the files of one service, for one kind."""

    def __init__(self, kind: str, read: ReadFile, chain: Chain) -> None:
        self._kind, self._read, self._chain = kind, read, chain
        self._is_given_up = False

    def read_file(self, name: str, text: str, wanted: str, depth: int, level: int) -> bool:
        """Add the entries of a file; tell whether libpam reads it to its end.

        Args:
            wanted: the only kind that counts there; empty for all.
            depth: how many files include this one.
        """
        self._chain.files.append(name)
        for number, line in _logical_lines(text):
            place = Place(name, number)
            if line is None:
                self._mistake(place, "the file ends in the middle of a line")
                return False
            kind, rest = next_token(line)
            if (kind or "").lower() == "@include":
                target, _ = next_token(rest)
                self._include(place, target, wanted, depth, level, at=True)
                if self._is_given_up:
                    return False
            else:
                self._read_line(place, kind, rest, wanted, depth, level)
        return True

    def _read_line(
        self, place: Place, kind: str | None, rest: str | None, wanted: str, depth: int, level: int
    ) -> None:
        name = (kind or "").removeprefix("-").lower()
        must_fail = name not in _KINDS
        effective = (wanted or "auth") if must_fail else name
        if (wanted and effective != wanted) or effective != self._kind:
            # For all kinds at once, only that of the chain matters; libpam keeps one chain each.
            return
        if must_fail:
            self._mistake(place, f"“{kind or ''}” is none of {', '.join(_KINDS)}: it always fails")
        control, rest = next_token(rest)
        target, rest = next_token(rest)
        how = (control or "").lower()
        if how in {"include", "substack"}:
            inner = level + (how == "substack")
            if inner > level:
                self._add(place, level, ALL_BAD, control=how, is_substack=True)
            self._include(place, target, effective, depth, inner, outer_level=level)
            return
        actions = ALL_BAD
        if control is None:
            must_fail = True
            self._mistake(place, "there is no control flag: it always fails")
        else:
            try:
                actions = read_control(control)
            except ControlError as error:
                self._mistake(place, f"the control is not understood, and all is bad: {error}")
        if target is None and control is not None:
            must_fail = True
            self._mistake(place, "there is no module: it always fails")
        self._add(place, level, actions, control=control or "", module=target or "",
                  arguments=(rest or "").strip(_BLANKS), must_fail=must_fail)  # fmt: skip

    def _include(
        self,
        place: Place,
        target: str | None,
        wanted: str,
        depth: int,
        level: int,
        *,
        outer_level: int | None = None,
        at: bool = False,
    ) -> None:
        """Add what another file holds; where that fails, libpam adds a rule that always fails."""
        problem = ""
        if target is None:
            problem = "no file is named"
        elif depth + 1 >= _MOST_LEVELS:
            problem = "files include each other too deeply"
        else:
            try:
                text = self._read(target)
            except CliError as error:
                problem = error.text
            else:
                if self.read_file(target, text, wanted, depth + 1, level):
                    return
                problem = f"{target} could not be read to its end"
        if at:
            # libpam gives up, or (inside another include) does something that nobody can foresee.
            self._mistake(place, f"the include does not work, and nobody is let in: {problem}")
            self._is_given_up = True
            return
        self._mistake(place, f"the include does not work, and always fails: {problem}")
        self._add(place, level if outer_level is None else outer_level, ALL_BAD, must_fail=True)

    def _add(
        self,
        place: Place,
        level: int,
        actions: Actions,
        *,
        control: str = "",
        module: str = "",
        arguments: str = "",
        must_fail: bool = False,
        is_substack: bool = False,
    ) -> None:
        self._chain.handlers.append(
            Handler(place, level, actions, "" if must_fail else module, arguments, control,
                    must_fail, is_substack)
        )  # fmt: skip

    def _mistake(self, place: Place, text: str) -> None:
        self._chain.mistakes.append(Mistake(place, text))


def next_token(text: str | None) -> tuple[str | None, str | None]:
    """Return the first field of a line, brackets taken off, and what is left; None for nothing."""
    text = (text or "").lstrip(_BLANKS)
    if not text:
        return None, None
    if not text.startswith("["):
        end = next((index for index, char in enumerate(text) if char in _BLANKS), len(text))
        return text[:end], text[end + 1 :] or None
    token, index = "", 1
    while index < len(text) and text[index] != "]":
        if text[index] == "\\" and text[index + 1 : index + 2] == "]":
            index += 1
        token += text[index]
        index += 1
    return token, text[index + 1 :] or None


def _logical_lines(text: str) -> Iterator[tuple[int, str | None]]:
    """Return lines without comments, continued ones joined, and their numbers.

    None instead of a line: the file ends where a line should continue.
    """
    begun, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.lstrip(_BLANKS)
        if not content or content.startswith("#"):
            continue
        start = start or number
        content, sign, _ = content.partition("#")
        stripped = content.rstrip()
        if not sign and stripped.endswith("\\"):
            begun += stripped[:-1] + " "
            continue
        yield start, begun + content
        begun, start = "", 0
    if start:
        yield start, None
