# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a modem's output means, line by line: pure (ITU-T V.250, 5.7; 3GPP TS 27.007, 27.005)."""

import re
from typing import Final

from smsotpd.modem.errors import CmeError, CmsError, CommandError

MOST_CHARACTERS: Final = 4096
_TEXT: Final = bytes(range(0x20, 0x7F)) + b"\r\n\t"

_REFUSALS = frozenset({"ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "NA"})
_MODEM_ERROR = re.compile(r"MODEM ERROR: \d+")
_EXTENDED = re.compile(r"\+(CM[ES]) ERROR: ?(.+)")
_REFERENCE = re.compile(r"\+CMGS: ?(\d{1,3})\b")
_PDU = re.compile(r"(?:[0-9A-F]{2}){6,200}", re.IGNORECASE)
_OF_TWO_LINES = re.compile(r"\+(?:CMT|CDS|CBM):")
_UNSOLICITED = re.compile(
    r"RING|NO CARRIER|RDY|Call Ready|SMS Ready|OVER-VOLTAGE|UNDER-VOLTAGE|NORMAL POWER DOWN"
    r"|\+(?:CRING|CLIP|CCWA|CMTI|CDSI|CUSD|CSSU|CSSI|CREG|CGREG|CEREG|CGEV|QIND|WIND|ZPASR|ZUSIMR"
    r"|CFUN|CPIN|PBREADY|CIEV|CTZV|CTZE|NITZ):"
    r"|\^(?:BOOT|RSSI|MODE|DSFLOWRPT|SIMST|SRVST|SMMEMFULL|HCSQ|STIN|NWTIME|CONF|CEND|ORIG)\b"
)
# Modems left at AT+CMEE=2 answer in words.
_WORDS: Final = {
    "phone failure": 0,
    "operation not allowed": 3,
    "operation not supported": 4,
    "sim not inserted": 10,
    "sim pin required": 11,
    "sim puk required": 12,
    "sim failure": 13,
    "sim busy": 14,
    "sim wrong": 15,
    "incorrect password": 16,
    "memory full": 20,
    "no network service": 30,
    "network timeout": 31,
}
_CMS_WORDS: Final = {
    "me failure": 300,
    "sim not inserted": 310,
    "sim busy": 314,
    "memory failure": 320,
    "memory full": 322,
    "smsc address unknown": 330,
    "no network service": 331,
    "network timeout": 332,
    "unknown error": 500,
}


class LineReader:
    """Cut what comes into lines; bounded, whatever comes.

    Noise at either end of a line (zeros, 0xFF: power-up, a wrong speed) is cut off; within a line
    it stays, so that half of something never looks like a whole result.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._overlong = False
        self._heard = self._noise = 0

    @property
    def is_noise(self) -> bool:
        """Tell whether most of what came is no text."""
        return self._noise * 2 > self._heard

    @property
    def rest(self) -> str:
        """Return the line that has no end yet."""
        return _clean(self._rest)

    def feed(self, octets: bytes) -> list[str]:
        """Return the lines that are whole now, empty ones left out."""
        self._heard += len(octets)
        self._noise += len(octets.translate(None, _TEXT))
        *whole, self._rest = re.split(r"[\r\n]", self._rest + octets.decode("latin-1"))
        lines = []
        for line in whole:
            if self._overlong or len(line) > MOST_CHARACTERS:
                self._overlong = False
                continue
            if cleaned := _clean(line):
                lines.append(cleaned)
        if len(self._rest) > MOST_CHARACTERS:
            self._rest, self._overlong = "", True
        return lines

    def forget_rest(self) -> None:
        """Drop the line that has no end yet."""
        self._rest = ""


def _clean(line: str) -> str:
    return re.sub(r"\A[^\x21-\x7e]+|[^\x21-\x7e]+\Z", "", line)


def is_final(line: str) -> bool:
    """Tell whether a whole line is a final result code."""
    return line == "OK" or error_of(line) is not None


def error_of(line: str) -> CommandError | None:
    """Return the failure that a whole line states, or None if it states none."""
    if line in _REFUSALS or _MODEM_ERROR.fullmatch(line):
        return CommandError()
    found = _EXTENDED.fullmatch(line)
    if not found:
        return None
    words = found[2].strip()
    if found[1] == "CMS":
        return CmsError(_number(words, _CMS_WORDS))
    return CmeError(_number(words, _WORDS))


def reference_of(line: str) -> int | None:
    """Return the message reference that `+CMGS:` states (3GPP TS 27.005, 4.3)."""
    found = _REFERENCE.match(line)
    return int(found[1]) if found else None


def is_unsolicited(line: str) -> bool:
    """Tell whether a line is one that modems send without being asked."""
    return bool(_UNSOLICITED.match(line) or _OF_TWO_LINES.match(line))


def has_second_line(line: str) -> bool:
    """Tell whether a PDU follows an unsolicited line."""
    return bool(_OF_TWO_LINES.match(line))


def is_pdu(line: str) -> bool:
    """Tell whether a line may be a PDU."""
    return bool(_PDU.fullmatch(line))


def _number(words: str, known: dict[str, int]) -> int:
    if words.isascii() and words.isdigit() and len(words) < 6:  # noqa: PLR2004  # ours to bound
        return int(words)
    return known.get(words.lower(), -1)
