# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A GSM modem on a pseudo-terminal that behaves, and misbehaves, as its script says.

It is a modem to any program that opens its port. `python -m tests.fakes.scripted_modem` serves one
until interrupted, and prints its path first and then what it is told.
"""

import contextlib
import os
import re
import select
import sys
import tempfile
import termios
import threading
import time
import tty
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

STORM: Final = (
    "\r\nRING\r\n\r\n^RSSI:17\r\n\r\n+CREG: 1\r\n\r\n+CMTI: \"SM\",3\r\n\r\n^BOOT:1,0,0,0,2\r\n"
    "\r\n+CMT: ,24\r\n07919471060040340006\r\n\r\n+CIEV: 2,4\r\n\r\nOKAY NOT FINAL\r\n"
)  # fmt: skip
SILENCE: Final = "silence"
_IMEI: Final = "490154203237518"


class _UnpluggedError(Exception):
    """The modem goes away in the middle of what it does."""


@dataclass
class Script:
    """How a modem behaves; the defaults are those of one that works.

    Attributes:
        echo: whether it echoes after power-up; `keeps_echo`: whatever it is told.
        registration: what CREG says each time it is asked; the last one stays.
        late_centre: how often it says that it knows no service centre before it does.
        results: of the messages, in turn: `CMS 500`, `CME 11`, `ERROR`, `silence` or empty for
            sent; the last one stays.
        prompt: what asks for the message; `prompt_seconds` later.
        gap: what is said unasked in every gap: before and after each answer, around the prompt.
        noise: octets before every answer.
        unplugged_at: `command`, `prompt`, `body` or `result`; once.
        deaf_at: a command after which it says nothing more until it is reset or replugged.
        speed: at which it can be understood, in bits a second; 0 for any, as over USB.
        autobauds: how many commands it needs after power-up to find the speed, and swallows.
        answers: what it says to these commands, in place of its own words: a line, or all of it
            where that begins with CR LF.
        tells_reference: whether `+CMGS:` precedes the OK of a message that the network took.
        reported: TP-ST of a status report for every message that asks for one; negative for none.
    """

    echo: bool = True
    keeps_echo: bool = False
    maker: str = "huawei"
    sim: str = "READY"
    pin: str = "1234"
    tries: int = 3
    tells_tries: bool = True
    busy_sim: int = 0
    registration: tuple[int, ...] = (1,)
    signal: int = 17
    centre: str = "+491710760000"
    late_centre: int = 0
    storage: tuple[int, int] = (0, 20)
    results: tuple[str, ...] = ("",)
    result_seconds: float = 0.0
    prompt: str = "\r\n> "
    prompt_seconds: float = 0.0
    gap: str = ""
    noise: bytes = b""
    ends_with_ok: bool = True
    unplugged_at: str = ""
    deaf_at: str = ""
    pdu_mode: bool = True
    speed: int = 0
    autobauds: int = 0
    reported: int = -1
    tells_reference: bool = True
    answers: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = field(default_factory=frozenset)


class ScriptedModem:
    """Serve one modem in a thread of its own.

    Attributes:
        link: a symbolic link to its port, wherever that is after a replug.
        commands: all it was told, PINs too.
        messages: length and PDU of each that was handed over, sent or not.
        sent: those that the network took.
    """

    def __init__(self, script: Script | None = None, *, verbose: bool = False) -> None:
        self.script = script or Script()
        self.commands: list[str] = []
        self.messages: list[tuple[int, str]] = []
        self.sent: list[str] = []
        self.resets = 0
        self._verbose = verbose
        self._directory = tempfile.TemporaryDirectory()
        self.link = Path(self._directory.name) / "modem"
        self._stopping = threading.Event()
        self._plugged = threading.Lock()
        self._master = self._slave = -1
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.plug()
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join(10)
        self.unplug()
        self._directory.cleanup()

    def plug(self) -> None:
        """Come up on a new port, under the same link."""
        with self._plugged:
            self._master, self._slave = os.openpty()
            tty.setraw(self._slave)
            self.power_up()
            new = self.link.with_suffix(".new")
            new.unlink(missing_ok=True)
            new.symlink_to(os.ttyname(self._slave))
            new.replace(self.link)

    def power_up(self) -> None:
        """Begin anew on the same port, as a board does whose power failed for a moment."""
        self._echo, self._edits, self._input = self.script.echo, 0, b""
        self._sim, self._is_deaf = self.script.sim, False
        self._autobauds = self.script.autobauds
        self._numbers_errors = False

    def unplug(self) -> None:
        """Vanish: the port fails for whoever has it open."""
        with self._plugged:
            for descriptor in (self._master, self._slave):
                if descriptor >= 0:
                    os.close(descriptor)
            self._master = self._slave = -1
            self.link.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if self._master < 0:
                time.sleep(0.01)
                continue
            try:
                ready, _, _ = select.select([self._master], [], [], 0.05)
                if ready:
                    self._take(os.read(self._master, 4096))
            except _UnpluggedError:
                self.unplug()
            except (OSError, ValueError):
                continue  # unplugged from outside

    def _take(self, octets: bytes) -> None:
        if self._is_deaf:
            return
        if self._is_at_wrong_speed():
            self._write(octets)
            return
        if self._echo or self.script.keeps_echo:
            self._write(octets)
        self._input += octets
        while True:
            end = rb"[\x1a\x1b]" if self._edits else rb"\r"
            found = re.search(end, self._input)
            if not found:
                return
            text, self._input = self._input[: found.start()], self._input[found.end() :]
            if self._edits:
                self._edit(text.decode("ascii", "replace"), found[0])
            else:
                self._obey(text.replace(b"\x1b", b"").decode("ascii", "replace").strip())

    def _is_at_wrong_speed(self) -> bool:
        wanted: int = getattr(termios, f"B{self.script.speed}")
        return self.script.speed > 0 and termios.tcgetattr(self._slave)[5] != wanted

    def _obey(self, command: str) -> None:
        if self._autobauds and command.upper().startswith("AT"):
            self._autobauds -= 1
            return
        self.commands.append(command)
        self._tell(f"< {command}")
        if self.script.deaf_at and command.startswith(self.script.deaf_at):
            self._is_deaf = True
            return
        self._unplug_at("command")
        if not command.upper().startswith("AT"):
            return
        self._say(self.script.gap)
        if command.startswith("AT+CMGS="):
            self._ask_for_message(command)
            return
        name = command[2:]
        answer = "ERROR" if name in self.script.refused else self._answer(name)
        if answer.startswith("+CME") and not self._numbers_errors:
            answer = "ERROR"  # 3GPP TS 27.007, 9.1: as long as nobody asked for numbers
        self._write(self.script.noise)
        self._say(answer if answer.startswith("\r\n") else f"\r\n{answer}\r\n")
        self._say(self.script.gap)
        if name == "+CFUN=1,1":
            self.resets += 1
            self.unplug()
            time.sleep(0.2)
            self.plug()

    def _answer(self, name: str) -> str:  # noqa: PLR0911  # a modem's commands, one after another
        script = self.script
        if name in script.answers:
            said = script.answers[name]
            return said if said.startswith("\r\n") else _told(said)
        if name.upper().startswith(("E0", "Q0V1E0")):
            self._echo = False
            return "OK"
        if name.upper().startswith("E1"):
            self._echo = True
            return "OK"
        self._numbers_errors |= name == "+CMEE=1"
        if name == "+CPIN?":
            if script.busy_sim:
                script.busy_sim -= 1
                return "+CME ERROR: 14"
            return _told(f"+CPIN: {self._sim}") if self._sim != "none" else "+CME ERROR: 10"
        if name.startswith("+CPIN="):
            return self._unlock(name.partition("=")[2].strip('"'))
        if name == "+CPINR":
            return _told(f"+CPINR: SIM PIN,{script.tries},3") if script.tells_tries else "ERROR"
        if name in {"+CREG?", "+CGREG?", "+CEREG?"}:
            state = script.registration[0]
            if name == "+CREG?":
                script.registration = script.registration[1:] or script.registration
            return _told(f"{name[:-1]}: 0,{state}")
        if name == "+CSCA?" and script.late_centre:
            script.late_centre -= 1
            return "+CMS ERROR: 330"
        return self._plain_answer(name)

    def _plain_answer(self, name: str) -> str:
        script = self.script
        used, total = script.storage
        centre = f'+CSCA: "{script.centre}",145'
        known = {
            "": "",
            "+CGMI": script.maker,
            "+CGMM": "E1752",
            "+CGMR": "11.126.13.00.00",
            "+CGSN": _IMEI,
            "+CIMI": "262011234567890",
            "+CRSM=176,12258,0,0,10": '+CRSM: 144,0,"98942000001234567890"',  # the SIM's own number
            "+CFUN?": "+CFUN: 1",
            "+CSQ": f"+CSQ: {script.signal},99",
            "+COPS?": '+COPS: 0,0,"Operator",2',
            "+CSCA?": centre if script.centre else "",
            "+CPMS?": f'+CPMS: "SM",{used},{total},"SM",{used},{total},"SM",{used},{total}',
            "+CSMS?": "+CSMS: 0,1,1,1",
            "+CMGF=?": "+CMGF: (0,1)",
            "+CPMS=?": '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")',
            "+CNMI=?": "+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)",
            "+CSCS=?": '+CSCS: ("GSM","IRA","UCS2")',
            "+CSCS?": '+CSCS: "GSM"',
        }
        if name in known:
            return _told(known[name])
        if name == "+CMGD=1,4":
            script.storage = (0, total)
            return "OK"
        if name.startswith("+CSCA="):
            script.centre = name.split('"')[1]
            return "OK"
        if name == "+CMGF=0":
            return "OK" if script.pdu_mode else "ERROR"
        settings = (
            "+CMEE=", "&D0", "+CREG=", "+CGREG=", "+CEREG=", "+CLIP=", "+CRC=", "+CSMS=", "+CNMI=",
            "^CURC=", "+CFUN=", "+CMGF=", "+CSCS=", "+CPMS=", "Z", "V1", "+CMMS=",
        )  # fmt: skip
        return "OK" if name.startswith(settings) else "ERROR"

    def _unlock(self, pin: str) -> str:
        if self._sim != "SIM PIN":
            return "+CME ERROR: 3"
        if pin == self.script.pin:
            self._sim, self.script.tries = "READY", 3
            return "OK"
        self.script.tries -= 1
        if self.script.tries <= 0:
            self._sim = self.script.sim = "SIM PUK"
        return "+CME ERROR: 16"

    def _ask_for_message(self, command: str) -> None:
        self._unplug_at("prompt")
        if self._sim != "READY":
            self._say("\r\n+CMS ERROR: 311\r\n")
            return
        self._wait(self.script.prompt_seconds)
        self._edits = int(command.partition("=")[2])
        self._say(self.script.prompt)
        self._say(self.script.gap)

    def _edit(self, pdu: str, end: bytes) -> None:
        length, self._edits = self._edits, 0
        if end == b"\x1b":
            self._say("\r\nOK\r\n")
            return
        pdu = pdu.strip()  # some programs end their commands by CR and LF
        self.messages.append((length, pdu))
        self._unplug_at("body")
        result = self.script.results[0]
        self.script.results = self.script.results[1:] or self.script.results
        self._say(self.script.gap)
        self._wait(self.script.result_seconds)
        if result == SILENCE:
            return
        octets = bytes.fromhex(pdu)
        if len(octets) - 1 - octets[0] != length:
            result = "CMS 304"
        if result:
            kind, _, code = result.partition(" ")
            self._say(f"\r\n+{kind} ERROR: {code}\r\n" if code else f"\r\n{kind}\r\n")
            return
        self.sent.append(pdu)
        self._tell(f"sent {pdu}")
        if self.script.tells_reference:
            self._say(f"\r\n+CMGS: {len(self.sent) % 256}\r\n")
        self._unplug_at("result")
        self._say(self.script.gap)
        if self.script.ends_with_ok:
            self._say("\r\nOK\r\n")
        self._say(self.script.gap)
        if self.script.reported >= 0 and octets[1 + octets[0]] & 0x20:
            self._report(octets[1 + octets[0] :])

    def _report(self, tpdu: bytes) -> None:
        address = tpdu[2 : 4 + (tpdu[2] + 1) // 2]
        head = bytes((0x00, 0x06, len(self.sent) % 256))
        times = bytes.fromhex("62111221000040" * 2)
        pdu = head + address + times + bytes((self.script.reported,))
        self._say(f"\r\n+CDS: {len(pdu) - 1}\r\n{pdu.hex().upper()}\r\n")

    def _unplug_at(self, stage: str) -> None:
        if self.script.unplugged_at == stage:
            self.script.unplugged_at = ""
            raise _UnpluggedError

    def _wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _tell(self, text: str) -> None:
        if self._verbose:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def _say(self, text: str) -> None:
        self._write(text.encode("latin-1"))

    def _write(self, octets: bytes) -> None:
        if self._is_at_wrong_speed():
            octets = bytes(0x80 | (each * 37 & 0x7F) for each in octets)
        while octets:
            octets = octets[os.write(self._master, octets) :]


def _told(line: str) -> str:
    return f"\r\n{line}\r\n\r\nOK\r\n" if line else "OK"


@contextlib.contextmanager
def plugged(**script: object) -> Iterator[ScriptedModem]:
    """Serve a modem with these departures from one that works."""
    with ScriptedModem(Script(**script)) as modem:  # type: ignore[arg-type]  # the tests name them
        yield modem


def main() -> None:
    """Serve a modem that works until interrupted."""
    with ScriptedModem(verbose=True) as modem, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{modem.link}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
