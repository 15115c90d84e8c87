# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One login attempt in progress, and the register of all of them."""

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from smsotpd.core.address_proof import AskedAddress
from smsotpd.core.errors import BusyError, NoSuchTransactionError
from smsotpd.core.events import Login
from smsotpd.core.moment import Moment, may_have_passed
from smsotpd.core.phrase import ENGLISH, Catalogue, in_language
from smsotpd.core.policy import Mode, Policy
from smsotpd.core.ruling import Check


class StepKind(StrEnum):
    """What the terminal does with a step; the words of the bus contract."""

    INFO = "info"
    ERROR = "error"
    HIDDEN = "hidden"
    VISIBLE = "visible"
    AUTHTOK = "authtok"
    OUTCOME = "outcome"
    QR = "qr"  # to be drawn; for `smsotpctl self` alone, never for a terminal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to show, to ask or to end with."""

    kind: StepKind
    text: str


Steps = tuple[Step, ...]


def said_in(catalogue: Catalogue, steps: Steps) -> Steps:
    """Return steps as people read them in a language."""
    return tuple(
        step
        if step.kind is StepKind.OUTCOME
        else replace(step, text=in_language(catalogue, step.text))
        for step in steps
    )


class Result(StrEnum):
    """How a login ends, as a PAM return code (pam(3))."""

    SUCCESS = "PAM_SUCCESS"
    AUTH_ERR = "PAM_AUTH_ERR"
    MAXTRIES = "PAM_MAXTRIES"
    IGNORE = "PAM_IGNORE"
    UNAVAILABLE = "PAM_AUTHINFO_UNAVAIL"
    AUTHTOK_ERR = "PAM_AUTHTOK_ERR"


class Stage(Enum):
    """What the next answer is an answer to."""

    PIN = "pin"
    SINGLE = "single"  # PIN, or PIN and code, in one field
    SEND = "send"  # whether a code shall go out
    CODE = "code"
    FAREWELL = "farewell"  # nothing any more: the outcome is known
    NUMBER = "number"  # then its code
    NEW_PIN = "new-pin"
    REPEATED_PIN = "repeated-pin"
    APP = "app"  # the first code of a new authenticator


@dataclass(frozen=True, slots=True)
class Context:
    """What the program said when it began; checked, not yet believed.

    Attributes:
        pin_prompt: text that replaces the policy's; empty if none does.
        code_prompt: likewise.
        locale: of the user, as de_DE.UTF-8; empty if the program does not know.
    """

    user: str
    service: str
    rhost: str = ""
    tty: str = ""
    ruser: str = ""
    mode: Mode = Mode.AUTO
    use_first_pass: bool = False
    try_first_pass: bool = False
    pin_prompt: str = ""
    code_prompt: str = ""
    locale: str = ""


ROOT = 0


@dataclass(slots=True, eq=False)
class Transaction:
    """One login attempt; lives in memory only, and dies with its connection.

    Attributes:
        owner: unique name of the bus connection that began it.
        uid: of that connection; what another than root says of the login proves nothing.
        answers: how many answers it took so far.
        busy: whether an answer is being judged at this moment.
        over: whether it had its outcome or was cancelled.
        has_authtok: whether the next answer is the password of the PAM stack.
        pin_hash: of the PIN that was proven; empty if none was.
        recipient: number of the one that codes are sent to at first.
        waits_for_other: whether a code is asked for that is not sent.
        wrong_answers: how many wrong ones there were while none was out.
        outcome: the steps that end it, once it has only to be read what they say.
        new_pin_hash: of a PIN that is still to be repeated.
        enrols: whether a user who is not enrolled is led through the enrolment.
        invitation: hash of the one that stood for the PIN in that; empty if none did.
        asked: the address to which the code for that is on its way.
        pin_suffices: the check of the policy by which no code follows the PIN; None if one does.
        catalogue: of the language in which the user is spoken to; that of the policy's texts, too.
    """

    name: str
    owner: str
    context: Context
    policy: Policy
    mode: Mode
    begun: Moment
    uid: int = ROOT
    stage: Stage = Stage.PIN
    answers: int = 0
    busy: bool = False
    over: bool = False
    has_authtok: bool = False
    pin_hash: str = field(default="", repr=False)
    recipient: int = 0
    waits_for_other: bool = False
    wrong_answers: int = 0
    outcome: Steps = ()
    new_pin_hash: str = field(default="", repr=False)
    enrols: bool = False
    invitation: str = field(default="", repr=False)
    asked: AskedAddress | None = field(default=None, repr=False)
    pin_suffices: Check | None = None
    catalogue: Catalogue = ENGLISH

    @property
    def login(self) -> Login:
        """Return whose login this is, for events."""
        context = self.context
        caller = "" if self.uid == ROOT else f"uid {self.uid}"
        return Login(context.user, context.service, context.rhost, context.tty, self.name, caller)


class Transactions:
    """All transactions in progress, by name and by connection."""

    def __init__(self) -> None:
        self._by_name: dict[str, Transaction] = {}
        self._by_owner: dict[str, set[str]] = {}
        self._by_uid: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._by_name)

    def add(self, transaction: Transaction, most: int) -> None:
        """Register a transaction.

        Logins over the network, sudo and greeters begin as root. Other users of this machine have
        places of their own, few for each, so that they cannot take those.

        Raises:
            BusyError: `most` are open, or a sixteenth of that by this connection alone; or by users
                other than root a quarter, or by one of them a sixty-fourth.
        """
        uid, by_uid = transaction.uid, self._by_uid
        own = self._by_owner.get(transaction.owner, set())
        others = by_uid.total() - by_uid[ROOT]
        is_full = len(own) >= max(1, most // 16) or (
            by_uid[ROOT] >= most
            if uid == ROOT
            else others >= max(1, most // 4) or by_uid[uid] >= max(1, most // 64)
        )
        if is_full:
            raise BusyError("too many logins are in progress; try again")
        by_uid[uid] += 1
        self._by_name[transaction.name] = transaction
        self._by_owner.setdefault(transaction.owner, set()).add(transaction.name)

    def take(self, name: str, owner: str) -> Transaction:
        """Return a transaction of this connection that waits for an answer.

        Raises:
            NoSuchTransactionError: there is none; nobody learns whose it may be instead.
        """
        transaction = self._by_name.get(name)
        if transaction is None or transaction.owner != owner or transaction.busy:
            raise NoSuchTransactionError
        return transaction

    def close(self, transaction: Transaction) -> None:
        """End a transaction; one that is over stays over."""
        transaction.over = True
        if self._by_name.pop(transaction.name, None) is not None:
            self._by_uid[transaction.uid] -= 1
            if not self._by_uid[transaction.uid]:
                del self._by_uid[transaction.uid]
        owned = self._by_owner.get(transaction.owner)
        if owned is not None:
            owned.discard(transaction.name)
            if not owned:
                del self._by_owner[transaction.owner]

    def owned_by(self, owner: str) -> list[Transaction]:
        """Return the transactions that a connection began."""
        return [self._by_name[name] for name in self._by_owner.get(owner, ())]

    def named(self, name: str) -> Transaction | None:
        """Return a transaction, busy or not."""
        return self._by_name.get(name)

    def stale(self, seconds: float, now: Moment) -> list[Transaction]:
        """Return the transactions that began longer ago than this."""
        return [
            transaction
            for transaction in self._by_name.values()
            if may_have_passed(transaction.begun, seconds, now)
        ]
