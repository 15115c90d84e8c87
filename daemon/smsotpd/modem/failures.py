# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a modem's error codes mean for a message, and what helps.

Texts of CMS 1-127 are from 3GPP TS 24.011, 128-255 from TS 23.040, 300-500 from TS 27.005, CME from
TS 27.007; 512 and above are the makers' own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.modem.errors import CmeError, CmsError, CommandError


class Remedy(Enum):
    """What we do at once, before an outcome is told."""

    NONE = "none"
    WAIT = "wait"  # a second, then the same again, as often as time allows
    ONCE = "once"  # the same again, one more time
    CLEAN = "clean"  # remove stored messages if we may, then once more
    WITHOUT_VALIDITY = "without validity"
    WITHOUT_CLASS = "without class"


class Kind(Enum):
    """Whose business a failure is."""

    PASSING = ErrorClass.TEMPORARY
    RECIPIENT = ErrorClass.RECIPIENT
    ACCOUNT = ErrorClass.AUTH  # SIM, contract or operator: no other message will do better
    SETTING = ErrorClass.SENDER  # an administrator has to change something
    REFUSED = ErrorClass.REJECTED
    DOUBT = ErrorClass.AMBIGUOUS
    SENT = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """One code's meaning.

    Attributes:
        is_sick: whether a modem that says so again and again needs a reset.
    """

    text: str
    kind: Kind
    remedy: Remedy = Remedy.NONE
    is_sick: bool = False

    @property
    def outcome(self) -> Outcome:
        """Return what became of the message."""
        match self.kind:
            case Kind.SENT:
                return Accepted()
            case Kind.DOUBT:
                return Unknown(self.text)
            case Kind.PASSING:
                return Deferred(ErrorClass.TEMPORARY, self.text)
            case _:
                return Rejected(ErrorClass(self.kind.value), self.text)


def failure_of(error: CommandError) -> Failure:
    """Return what a refusal means; the text names the code."""
    if isinstance(error, CmsError):
        known = _CMS.get(error.code) or _range_of_cms(error.code)
    elif isinstance(error, CmeError):
        known = _CME.get(error.code) or Failure("a failure unknown to us", Kind.PASSING)
    else:
        return Failure("the modem refuses the message (ERROR)", Kind.PASSING, Remedy.ONCE)
    return Failure(f"{known.text} ({error})", known.kind, known.remedy, known.is_sick)


def _range_of_cms(code: int) -> Failure:
    if 128 <= code <= 159:  # noqa: PLR2004  # TS 23.040, 9.2.3.22: TP-PID and TP-DCS errors
        return Failure("the kind of message is refused", Kind.REFUSED, Remedy.WITHOUT_CLASS)
    if 160 <= code <= 191:  # noqa: PLR2004  # the same: TP-Command and TPDU errors
        return Failure("the message is refused", Kind.REFUSED)
    if 516 <= code <= 550:  # noqa: PLR2004  # makers' own, mostly passing
        return Failure("a failure of this maker's modems", Kind.PASSING, Remedy.ONCE)
    return Failure("a failure unknown to us", Kind.PASSING)


def _each(codes: Iterable[int], text: str, kind: Kind) -> dict[int, Failure]:
    return dict.fromkeys(codes, Failure(text, kind))


_CMS: Final[dict[int, Failure]] = {
    1: Failure("the number is not assigned", Kind.RECIPIENT),
    8: Failure("barred by the operator: ask them about this SIM", Kind.ACCOUNT),
    10: Failure("messages are barred: ask the operator about this SIM", Kind.ACCOUNT),
    17: Failure("the network fails", Kind.PASSING),
    # Often an empty account or a roaming rule, so that another gateway may do better.
    21: Failure("the network refuses the message; is there credit?", Kind.REFUSED, Remedy.ONCE),
    22: Failure("the network is congested", Kind.PASSING),
    27: Failure("the recipient's phone is out of order", Kind.PASSING),
    28: Failure("the network does not know this SIM: ask the operator", Kind.ACCOUNT),
    29: Failure("the network refuses the service: ask the operator", Kind.ACCOUNT),
    30: Failure("the network does not know the subscriber", Kind.RECIPIENT),
    38: Failure("the network is out of order, or the number wrong", Kind.PASSING, is_sick=True),
    41: Failure("the network fails for the moment", Kind.PASSING),
    42: Failure("the network is congested", Kind.PASSING),
    47: Failure("the network has no resources left", Kind.PASSING),
    50: Failure("this SIM has no subscription for messages: ask the operator", Kind.ACCOUNT),
    69: Failure("the network offers no messages: ask the operator", Kind.ACCOUNT),
    **_each((81, 95, 96, 97, 98, 99, 111), "the network cannot read the message", Kind.REFUSED),
    127: Failure("networks fail to work together", Kind.PASSING, Remedy.ONCE),
    192: Failure("the service centre is busy", Kind.PASSING),
    193: Failure("the service centre does not serve this SIM", Kind.ACCOUNT),
    194: Failure("the service centre fails", Kind.PASSING),
    195: Failure("the service centre refuses the number", Kind.RECIPIENT),
    196: Failure("the recipient is barred", Kind.RECIPIENT),
    197: Failure("the service centre has the message already", Kind.SENT),
    198: Failure("the validity is refused", Kind.REFUSED, Remedy.WITHOUT_VALIDITY),
    199: Failure("the validity is refused", Kind.REFUSED, Remedy.WITHOUT_VALIDITY),
    208: Failure("the SIM's storage is full", Kind.PASSING, Remedy.CLEAN),
    211: Failure("storage is full", Kind.PASSING, Remedy.CLEAN),
    255: Failure("the service centre names no reason", Kind.DOUBT),
    300: Failure("the modem fails", Kind.PASSING, is_sick=True),
    301: Failure("another program uses the modem's messages", Kind.PASSING),
    302: Failure("the modem does not allow it", Kind.SETTING),
    303: Failure("the modem does not support it", Kind.SETTING),
    304: Failure("the modem cannot read the message", Kind.REFUSED),
    305: Failure("the modem cannot read the text", Kind.REFUSED),
    310: Failure("no SIM: put one in", Kind.SETTING),
    311: Failure("the SIM wants its PIN: set PIN", Kind.SETTING),
    312: Failure("the modem is locked to another SIM", Kind.SETTING),
    313: Failure("the SIM fails: put it in anew, or another", Kind.SETTING),
    314: Failure("the SIM is busy", Kind.PASSING, Remedy.WAIT),
    315: Failure("the SIM is of a wrong kind", Kind.SETTING),
    316: Failure("the SIM wants its PUK: unlock it in a phone", Kind.SETTING),
    317: Failure("the SIM wants its PIN2", Kind.SETTING),
    318: Failure("the SIM wants its PUK2", Kind.SETTING),
    320: Failure("the modem's memory fails", Kind.PASSING),
    321: Failure("the modem names a wrong index", Kind.PASSING),
    322: Failure("the storage for messages is full", Kind.PASSING, Remedy.CLEAN),
    330: Failure("the SIM names no service centre: set SERVICE_CENTRE", Kind.SETTING),
    331: Failure("no network: mind the antenna", Kind.PASSING),
    332: Failure("the network did not answer in time", Kind.DOUBT),
    500: Failure(
        "a failure without a name: weak signal, no credit, or CS against PS",
        Kind.DOUBT,
        is_sick=True,
    ),
    512: Failure("no connection: weak signal, or receiving", Kind.PASSING, is_sick=True),
    513: Failure("the connection broke while sending", Kind.DOUBT, is_sick=True),
    514: Failure("the network is congested", Kind.PASSING),
    515: Failure("the modem asks to wait", Kind.PASSING, Remedy.WAIT),
}

_CME: Final[dict[int, Failure]] = {
    **_each((3, 4), "the modem does not allow or support it", Kind.SETTING),
    **_each((5, 6, 7, *range(40, 49)), "the modem is locked to a SIM or network", Kind.SETTING),
    0: Failure("the modem fails", Kind.PASSING, is_sick=True),
    10: Failure("no SIM: put one in", Kind.SETTING),
    11: Failure("the SIM wants its PIN: set PIN", Kind.SETTING),
    12: Failure("the SIM wants its PUK: unlock it in a phone", Kind.SETTING),
    13: Failure("the SIM fails: put it in anew, or another", Kind.SETTING),
    14: Failure("the SIM is busy", Kind.PASSING, Remedy.WAIT),
    15: Failure("the SIM is of a wrong kind", Kind.SETTING),
    16: Failure("the PIN is wrong: set the right PIN", Kind.SETTING),
    17: Failure("the SIM wants its PIN2", Kind.SETTING),
    18: Failure("the SIM wants its PUK2", Kind.SETTING),
    20: Failure("the memory is full", Kind.PASSING, Remedy.CLEAN),
    **_each((*range(21, 28), 50, 53), "the modem cannot read the command", Kind.REFUSED),
    30: Failure("no network: mind the antenna", Kind.PASSING),
    31: Failure("the network did not answer in time", Kind.DOUBT),
    32: Failure("the network takes emergency calls only", Kind.PASSING),
    100: Failure("a failure without a name", Kind.PASSING, is_sick=True),
    **_each(
        (103, 106, 107, 111, 112, 113),
        "the network refuses SIM or modem: ask the operator",
        Kind.ACCOUNT,
    ),
    257: Failure("the network bars this SIM: ask the operator", Kind.ACCOUNT),
    262: Failure("the SIM is blocked: ask the operator", Kind.ACCOUNT),
    515: Failure("the modem asks to wait", Kind.PASSING, Remedy.WAIT),
    772: Failure("the SIM is switched off", Kind.PASSING),
}
