# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any noise on the modem's line, any PDU, any text to send: an answer or one of our errors."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.modem.dialogue import Dialogue
from smsotpd.modem.errors import ModemError
from smsotpd.modem.parts import Reference, user_data
from smsotpd.modem.pin_marks import PinMarkFile
from smsotpd.modem.report import PduError, decode_report
from smsotpd.modem.session import Session
from smsotpd.modem.settings import parse
from smsotpd.modem.submit import Options, encode_submits
from smsotpd.modem.timing import Timing
from tests.tally import Tried

HASTY = Timing(
    wake=0.0, command=0.01, prompt=0.01, result=0.01, pin=0.0, sim=0.0, register=0.0, smsc=0.0,
    gap=0.0, poll=0.0, probe=0.0, back_off=0.0, back_off_most=0.0, reset=0.0, restart=0.0,
)  # fmt: skip
# What modems say, and what breaks it.
SAID = st.one_of(
    st.sampled_from(
        [
            b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n+CMS ERROR: 500\r\n", b"\r\n> ", b"\r\n>",
            b"\r\n+CMGS: 12\r\n", b"\r\n+CMGS: 12\r\n\r\nOK\r\n", b"\r\n+CDS: 25\r\n",
            b"\r\n00060C0C91947110325476\r\n", b"\r\n^RSSI:19\r\n", b"\r\n+CREG: 1,5\r\n",
            b"\r\n+CME ERROR: memory full\r\n", b"RING\r\n", b"\x00\xff\xfe", b"AT+CMGF=0\r",
        ]
    ),
    st.binary(max_size=40),
)  # fmt: skip
# Answers in the order of the questions, with noise where a modem has its own words.
ANSWERS = st.builds(
    lambda head, noise: b"\r\n" + head + noise + b"\r\n\r\nOK\r\n",
    st.sampled_from(
        [
            b"",
            b"+CPIN: READY",
            b"+CREG: 0,1",
            b"+CSQ: 1",
            b'+CSCA: "+49',
            b'+COPS: 0,0,"',
            b"+CPMS: ",
        ]
    ),
    st.binary(max_size=12),
)
OTP = "Your code is 123456"


class NoisyLine:
    """A port that says what it was given, piece by piece, whatever is written."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.left = list(pieces)
        self.written = b""

    def read(self, seconds: float) -> bytes:  # noqa: ARG002  # the port's signature
        return self.left.pop(0) if self.left else b""

    def write(self, octets: bytes) -> None:
        self.written += octets

    def close(self) -> None:
        self.left.clear()


def test_any_noise_is_an_answer_or_an_error_of_ours(tried: Tried) -> None:
    @given(st.lists(SAID, max_size=12), st.sampled_from(["AT", "AT+CREG?", "AT+CPIN?", "AT+CSQ"]))
    def ends(pieces: list[bytes], command: str) -> None:
        tried()
        dialogue = Dialogue(NoisyLine(pieces), HASTY, lambda _pdu: None)
        with contextlib.suppress(ModemError):
            assert "OK" not in dialogue.command(command)

    ends()


def test_what_is_shown_of_a_modem_steers_no_terminal(tried: Tried, tmp_path: Path) -> None:
    marks = PinMarkFile(tmp_path, b"k" * 32)
    (settings,) = parse(GatewayDefinition("gsm", "modem", {"DEVICE": "auto"}, {}))

    @given(st.lists(SAID | ANSWERS, min_size=10, max_size=60))
    def is_harmless(pieces: list[bytes]) -> None:
        tried()
        dialogue = Dialogue(NoisyLine(pieces), HASTY, lambda _pdu: None)
        session = Session(dialogue, settings, marks, HASTY)
        with contextlib.suppress(ModemError):
            session.start("/dev/ttyUSB0")
        assert all(text.isprintable() for fact in session.facts.shown() for text in fact)

    is_harmless()


def test_whatever_the_modem_says_only_hex_and_one_end_goes_out(tried: Tried) -> None:
    (message,) = encode_submits("+491701234567", OTP, Reference(1), Options())

    @given(st.lists(SAID, max_size=12))
    def is_sent_or_not(pieces: list[bytes]) -> None:
        tried()
        line = NoisyLine(pieces)
        dialogue = Dialogue(line, HASTY, lambda _pdu: None)
        with contextlib.suppress(ModemError):
            assert 0 <= dialogue.submit(message, lambda: True) <= 999
        body = line.written.partition(b"\r")[2]
        assert set(body.replace(b"\x1b", b"").replace(b"\x1a", b"")) <= set(b"0123456789ABCDEF")
        assert body.count(b"\x1a") <= 1

    is_sent_or_not()


def test_any_octets_are_a_report_or_refused(tried: Tried) -> None:
    @given(st.binary(max_size=60) | st.text(max_size=60))
    def is_read_or_refused(noise: bytes | str) -> None:
        tried()
        with contextlib.suppress(PduError):
            decode_report(noise.hex() if isinstance(noise, bytes) else noise)

    is_read_or_refused()


def test_any_text_fits_into_its_parts(tried: Tried) -> None:
    @given(st.text(max_size=700), st.booleans())
    def fits(text: str, is_wide: bool) -> None:  # noqa: FBT001  # Hypothesis's own way
        tried()
        parts = user_data(text, Reference(0x1234, is_wide=is_wide))
        assert all(len(part.octets) <= 140 for part in parts)
        assert len(parts) == 1 or all(part.has_header for part in parts)

    fits()
