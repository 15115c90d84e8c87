# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The dialogue with a modem: a command, its answer, and whatever comes in between.

Every wait has an absolute end: a modem that reports its signal every second would keep an idle
timer alive for ever.
"""

import re
import time
from collections.abc import Callable, Sequence
from typing import Final

from smsotpd.modem.errors import (
    CommandError,
    HandedOverError,
    LineError,
    NoiseError,
    SilenceError,
    WithdrawnError,
)
from smsotpd.modem.lines import (
    LineReader,
    error_of,
    has_second_line,
    is_final,
    is_pdu,
    is_unsolicited,
    reference_of,
)
from smsotpd.modem.submit import Submit
from smsotpd.modem.timing import Timing
from smsotpd.modem.transport import Line

_END_OF_MESSAGE: Final = b"\x1a"
_ESCAPE: Final = b"\x1b"
_SLICE = 0.1
_MOST_LINES = 200
_PROMPT = ">"
# A prompt behind other text may be that text's own sign, unless nothing follows it.
_QUIET_SECONDS = 0.3
_REST_OF_RESULT_SECONDS = 5.0
_WAKINGS = 5


class Dialogue:
    """Talk to one modem over one line; never used by two threads at once.

    Args:
        on_report: is handed the PDU of each status report that comes.
        is_wanted: whether to go on waiting for a modem that is not ready yet.
    """

    def __init__(
        self,
        line: Line,
        timing: Timing,
        on_report: Callable[[str], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._line = line
        self._timing = timing
        self._on_report = on_report
        self._is_wanted = is_wanted
        self._reader = LineReader()
        self._announced = ""
        self._echo: tuple[str, ...] = ()
        self._free_at = 0.0

    def wake(self) -> None:
        """Leave whatever the modem was in, and find it alive, with words as results.

        Modems that find out the speed by themselves (autobauding) need several commands for that.

        Raises:
            SilenceError: it does not answer; NoiseError if nobody can read what it says.
        """
        self._line.write(_ESCAPE)
        self._line.write(b"\r")
        self._drain(self._timing.poll / 2)
        for _ in range(_WAKINGS):
            try:
                self.command("ATQ0V1E0", self._timing.wake)
            except SilenceError:
                continue
            except CommandError:
                # What was in the buffer before us may spoil the first line.
                continue
            self._drain(0)
            return
        raise NoiseError if self._reader.is_noise else SilenceError

    def command(
        self, text: str, seconds: float | None = None, whole: re.Pattern[str] | None = None
    ) -> Sequence[str]:
        """Give a command and return its information response.

        Args:
            whole: a line that is all of the answer from a modem that leaves out the OK behind it.

        Raises:
            CommandError: the modem refuses it; CmeError and CmsError say why.
            SilenceError: no final result code came.
            LineError: the port is gone.
        """
        end = time.monotonic() + (self._timing.command if seconds is None else seconds)
        self._begin(text)
        answer: list[str] = []
        lines = self._lines_until(end)
        for line in lines:
            error = error_of(line)
            if error is not None:
                raise error
            if line == "OK":
                return answer
            if _may_answer(line, text) and len(answer) < _MOST_LINES:
                answer.append(line)
                if whole is not None and whole.fullmatch(line):
                    lines.end = min(lines.end, time.monotonic() + self._timing.wake)
        if whole is not None and any(map(whole.fullmatch, answer)):
            return answer
        raise SilenceError

    def submit(self, message: Submit, hand_over: Callable[[], bool]) -> int:
        """Send one message and return the reference that the modem gave it.

        Args:
            hand_over: is asked last before the message cannot be held back any more.

        Raises:
            WithdrawnError: hand_over said no; the message is not sent.
            CommandError: refused; the message is not sent, as far as the modem knows.
            SilenceError: there was no prompt; the message is not sent.
            LineError: the port is gone, and the message not sent.
            HandedOverError: nobody knows.
        """
        self._begin(f"AT+CMGS={message.length}")
        self._wait_for_prompt()
        if not hand_over():
            self._abandon()
            raise WithdrawnError("given up before it was handed over")
        self._echo = (*self._echo, message.pdu)
        self._line.write(message.pdu.encode("ascii"))
        try:
            self._line.write(_END_OF_MESSAGE)
            return self._result_of_sending()
        except LineError as error:
            raise HandedOverError(f"{error} after the message was handed over") from None

    def pause(self) -> None:
        """Wait a while before the modem is asked again whether it is ready.

        Raises:
            WithdrawnError: nobody wants it any more.
            LineError: the port is gone.
        """
        if not self._is_wanted():
            raise WithdrawnError("given up before the modem was ready")
        self._drain(self._timing.poll)

    def listen(self, seconds: float) -> None:
        """Read what comes unasked, for at most so long."""
        self._drain(seconds)

    def _begin(self, text: str) -> None:
        # Modems lose a command that follows a result too closely.
        time.sleep(max(0.0, self._free_at - time.monotonic()))
        self._drain(0)
        self._reader.forget_rest()
        self._echo = (text,)
        self._line.write(text.encode("ascii") + b"\r")

    def _wait_for_prompt(self) -> None:
        """Wait for CR LF > blank, which has no end of line (3GPP TS 27.005, 3.5.1)."""
        end = time.monotonic() + self._timing.prompt
        since = time.monotonic()
        while (now := time.monotonic()) < end:
            octets = self._line.read(min(_SLICE, end - now))
            for line in self._sorted(self._reader.feed(octets)):
                error = error_of(line)
                if error is not None:
                    self._rest()
                    raise error
                if line == _PROMPT:
                    return
            if octets:
                since = time.monotonic()
            rest = self._reader.rest
            if rest == _PROMPT or (
                rest.endswith(_PROMPT) and time.monotonic() - since > _QUIET_SECONDS
            ):
                self._reader.forget_rest()
                return
        self._abandon()
        raise SilenceError

    def _result_of_sending(self) -> int:
        lines = self._lines_until(time.monotonic() + self._timing.result)
        reference: int | None = None
        for line in lines:
            error = error_of(line)
            if reference is not None:
                if is_final(line):
                    break
            elif error is not None:
                raise error
            else:
                reference = reference_of(line)
                # Where its reference was spoilt on the line, an OK is the last word as well.
                if reference is not None or line == "OK":
                    soon = time.monotonic() + _REST_OF_RESULT_SECONDS
                    lines.end = min(lines.end, soon)
        if reference is None:
            raise HandedOverError("the modem does not say what became of the message")
        # The reference is the network's own answer; the OK behind it is the modem's only.
        return reference

    def _abandon(self) -> None:
        self._line.write(_ESCAPE)
        self._drain(self._timing.poll / 2)
        self._reader.forget_rest()

    def _lines_until(self, end: float) -> "_Lines":
        return _Lines(self._next_lines, end)

    def _next_lines(self, seconds: float) -> list[str]:
        lines = self._sorted(self._reader.feed(self._line.read(min(_SLICE, seconds))))
        if any(is_final(line) for line in lines):
            self._rest()
        return lines

    def _rest(self) -> None:
        self._free_at = time.monotonic() + self._timing.gap

    def _drain(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            octets = self._line.read(max(0.0, min(_SLICE, end - time.monotonic())))
            self._sorted(self._reader.feed(octets))
            if time.monotonic() >= end:
                return

    def _sorted(self, lines: list[str]) -> list[str]:
        """Leave out echoes and the second lines of unsolicited results, which are looked at."""
        left = []
        for line in lines:
            announced, self._announced = self._announced, ""
            if line in self._echo:
                continue
            if announced and is_pdu(line):
                if announced.startswith("+CDS:"):
                    self._on_report(line)
                continue
            if has_second_line(line):
                self._announced = line
                continue
            left.append(line)
        return left


class _Lines:
    """Iterate over lines as they come, up to `end` by the monotonic clock."""

    def __init__(self, fetch: Callable[[float], list[str]], end: float) -> None:
        self._fetch = fetch
        self.end = end
        self._ready: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        while not self._ready:
            left = self.end - time.monotonic()
            if left <= 0:
                raise StopIteration
            self._ready = self._fetch(left)
        return self._ready.pop(0)


def _may_answer(line: str, command: str) -> bool:
    """Tell whether a line may belong to the answer of the running command."""
    name = command.removeprefix("AT").partition("?")[0].partition("=")[0]
    if line.startswith(f"{name}:"):
        return True
    return not is_unsolicited(line)
