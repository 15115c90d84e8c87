# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find the change of a service file that heals its stack, by trying candidates on the evaluator."""

from collections.abc import Iterator
from contextlib import suppress

from smsotpd.cli.doctor.cases import IsInstalled, is_ours
from smsotpd.cli.doctor.finding import Severity
from smsotpd.cli.doctor.judgement import judge
from smsotpd.cli.doctor.words import GAPS
from smsotpd.cli.errors import CliError
from smsotpd.cli.pam import block
from smsotpd.cli.pam.block import Stack, State
from smsotpd.cli.pam.handlers import Handler, ReadFile, next_token, read_chain
from smsotpd.cli.pam.known import KNOWN
from smsotpd.cli.pam.terminal import Terminal

_CONTROLS = ("requisite", "[success=1 ignore=ignore default=die]")


def healed(service: str, text: str, read: ReadFile, is_installed: IsInstalled) -> str:
    """Return a text of the service's own file with which nothing is wrong; empty if none is found.

    A block of ours that was edited becomes what “service enable” writes. Otherwise the smallest
    change comes first: another control, then another place, then that block.
    """
    for candidate in _candidates(service, text, read):
        if candidate != text and _is_sound(service, candidate, read, is_installed):
            return candidate
    return ""


def _is_sound(service: str, text: str, read: ReadFile, is_installed: IsInstalled) -> bool:
    chain = read_chain(service, lambda name: text if name == service else read(name))
    if chain.mistakes or not any(map(is_ours, chain.handlers)):
        return False
    gaps = judge(chain, is_installed).gaps
    return not any(GAPS[gap][0] is Severity.ERROR for gap in gaps)


def _candidates(service: str, text: str, read: ReadFile) -> Iterator[str]:
    lines = text.split("\n")
    ours = [number for number, line in enumerate(lines) if _mentions_us(line)]
    known = KNOWN.get(service)
    arguments = known.arguments if known else ""
    native = any(Terminal.NATIVE.library in lines[number] for number in ours)
    terminal = Terminal.NATIVE if native else Terminal.PYTHON
    marked = block.state(text)
    if marked in {State.INSTEAD, State.AFTER}:
        with suppress(CliError):
            before = block.disable(service, text)
            stack = Stack(str(marked))
            yield block.enable(service, before, stack, arguments, read, terminal=terminal)
    for number in ours:
        for control in _CONTROLS:
            changed = list(lines)
            changed[number] = _with_control(lines[number], control)
            yield "\n".join(changed)
    without = [line for number, line in enumerate(lines) if number not in ours]
    if len(ours) == 1:
        line = _with_control(lines[ours[0]], "requisite")
        for number in _places(without):
            yield "\n".join([*without[:number], line, *without[number:]])
    plain = "\n".join(without)
    for stack in Stack:
        if known and known.one_field and stack is Stack.AFTER:
            continue
        for base in (plain, _restored(service, text)):
            try:
                yield block.enable(service, base, stack, arguments, read, terminal=terminal)
            except CliError:
                continue


def _restored(service: str, text: str) -> str:
    try:
        return block.disable(service, text)
    except CliError:
        return text


def _places(lines: list[str]) -> list[int]:
    """Return where an auth rule may stand: before each one in order, and behind the last."""
    kinds = [(next_token(line)[0] or "").lower() for line in lines]
    found = [number for number, kind in enumerate(kinds) if kind in {"auth", "@include"}]
    return found + ([found[-1] + 1] if found else [])


def _mentions_us(line: str) -> bool:
    return "pam_smsotp" in line.partition("#")[0]


def _with_control(line: str, control: str) -> str:
    kind, rest = next_token(line)
    _, rest = next_token(rest)
    return f"{kind or 'auth'}\t{control}\t{(rest or '').strip()}"


def rule_of_ours(handlers: list[Handler]) -> Handler | None:
    """Return the first rule that runs our module."""
    return next((handler for handler in handlers if is_ours(handler)), None)
