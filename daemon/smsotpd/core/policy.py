# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a service asks of its users: factors, mode, code, prompts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.limits import Limits
from smsotpd.core.notification import Notification
from smsotpd.core.origin import Network
from smsotpd.core.phrase import Catalogue, in_language, phrase, word
from smsotpd.core.route import Route

# NIST SP 800-63B rev. 3, 5.1.3.2: an out-of-band secret lives ten minutes at most.
LONGEST_CODE_LIFETIME = 600.0
FEWEST_CODE_DIGITS = 6  # NIST SP 800-63B-4, 3.1.3.2; RFC 4226, 5.3
MOST_CODE_DIGITS = 10
MOST_WRONG_ANSWERS = 3


class Factor(StrEnum):
    """What a user proves."""

    PIN = "pin"
    CODE = "code"


class Mode(StrEnum):
    """How a login is led."""

    CONVERSATION = "conversation"
    TWO_ATTEMPT = "two-attempt"
    AUTO = "auto"
    CHANGE_PIN = "change-pin"


class Unenrolled(StrEnum):
    """What happens to users who are not enrolled."""

    DENY = "deny"
    IGNORE = "ignore"
    ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class AllowedUntil:
    """Users who are not enrolled are left to the rest of the stack until a day is over.

    Attributes:
        day: the last one, as 2027-01-31.
    """

    day: str


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of the dialogue; braces are filled in from a fixed set of names.

    Phrases are ours and are translated; what an administrator wrote is said as it is written.
    """

    pin_prompt: str = phrase("PIN: ")
    single_prompt: str = phrase("PIN, or PIN and code: ")
    send_prompt: str = phrase("Type {word} for a code to {phone}: ")
    code_prompt: str = phrase("Code sent to {phone}: ")
    # Typed at the code prompt: one letter, in lower case; the three must differ.
    resend_word: str = word("another code", "r")
    channel_word: str = word("another channel", "c")
    help_word: str = word("help", "?")
    # An SMS. Letters that GSM 03.38 does not have would make it two.
    message: str = phrase("{otp} is your login code for {service} on {host}. Valid {minutes} min.")

    def said_in(self, catalogue: Catalogue) -> "Texts":
        """Return the texts in a language.

        Our words to type stay English where the administrator has one of them for another.
        """
        names = (each.name for each in fields(self))
        said = Texts(**{name: in_language(catalogue, getattr(self, name)) for name in names})
        words = [said.resend_word, said.channel_word, said.help_word]
        if len({each.casefold() for each in words}) == len(words):
            return said
        own = {"channel_word": self.channel_word, "help_word": self.help_word}
        return replace(said, resend_word=self.resend_word, **own)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules for one service.

    Attributes:
        factors: `pin` and `code`, or `code` alone for stacks where another module asked first.
        codes: kinds of codes that are accepted; a break-glass code always is.
        first: whether a code is sent at once, or only when a user with an app asks for one.
        code_lifetime: seconds.
        wrong_answers: after how many wrong answers a code is dead.
        resends: how many further codes one challenge may send.
        transaction_id: whether a first step names an id that stands for the PIN (Verify).
        trusted_networks: from where an enrolled user is asked for no code.
        exempt_groups: whose members are left to the rest of the stack.
        required_groups: whose members are never asked for less, whatever else is said here.
        remember_seconds: how long a host from which every factor was proven is asked for no code.
        language: of our texts, as `de`; empty for the host's.
    """

    factors: frozenset[Factor] = frozenset({Factor.PIN, Factor.CODE})
    mode: Mode = Mode.AUTO
    codes: frozenset[CodeKind] = frozenset(
        {CodeKind.SENT, CodeKind.AUTHENTICATOR, CodeKind.RECOVERY}
    )
    first: CodeKind = CodeKind.SENT
    code_digits: int = 6
    code_lifetime: float = 300.0
    wrong_answers: int = 3
    resends: int = 3
    unenrolled: Unenrolled | AllowedUntil = Unenrolled.DENY
    transaction_id: bool = False
    trusted_networks: tuple[Network, ...] = ()
    exempt_groups: frozenset[str] = frozenset()
    required_groups: frozenset[str] = frozenset()
    remember_seconds: float = 0.0
    language: str = ""
    texts: Texts = field(default_factory=Texts)

    def said_in(self, catalogue: Catalogue) -> "Policy":
        """Return the policy with its texts in a language."""
        return replace(self, texts=self.texts.said_in(catalogue))

    @property
    def is_plain(self) -> bool:
        """Tell whether everybody is asked for every factor."""
        return not (
            self.trusted_networks
            or self.exempt_groups
            or self.remember_seconds
            or self.unenrolled is not Unenrolled.DENY
        )

    @property
    def names_groups(self) -> bool:
        """Tell whether it matters which groups a user is in."""
        return bool(self.exempt_groups or self.required_groups)


# Programs that show a single password field and cannot lead a conversation.
SINGLE_FIELD_SERVICES = frozenset(
    {"sddm", "jupyterhub", "vsftpd", "proftpd", "pure-ftpd", "dovecot", "cyrus", "smtp", "imap"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration as a whole, parsed and frozen.

    Attributes:
        host: the name of this host as messages show it.
        services: policies of services that differ from the default.
        notifications: who is told of which events, by name of the notification.
        send_deadline: seconds within which all gateways together must have answered.
        routes: which gateways are tried for whom, by name of the route.
        order: names of gateways to try where no route is for the recipient; empty means every
            enabled one of its channel, by name.
        allow_outbox: whether the demonstration gateway `outbox` may be used.
        transaction_seconds: after which a login nobody answers is cancelled.
        most_transactions: open at once, in all; one connection has at most a sixteenth.
        sources: file and line of each key that a policy sets, by its dotted name.
    """

    host: str = "localhost"
    default_policy: Policy = field(default_factory=Policy)
    services: Mapping[str, Policy] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    notifications: Mapping[str, Notification] = field(default_factory=dict)
    send_deadline: float = 15.0
    routes: Mapping[str, Route] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    allow_outbox: bool = False
    transaction_seconds: float = 600.0
    most_transactions: int = 4096
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def all_routes(self) -> tuple[Route, ...]:
        """Return the routes, first choice first; the order for everybody else comes last."""
        last = (Route(self.order),) if self.order else ()
        return (*self.routes.values(), *last)

    def policy(self, service: str) -> Policy:
        """Return the policy in force for a service."""
        return self.services.get(service, self.default_policy)

    def source(self, service: str, key: str) -> str:
        """Return the file and line that a key of a service's policy comes from; empty if none."""
        own = self.sources.get(f"policy.{service}.{key}", "")
        return own or self.sources.get(f"policy.default.{key}", "")


def mode_for(policy: Policy, asked: Mode, service: str) -> Mode:
    """Return the mode to use: the program's wish, else the policy's, else what the service can."""
    for mode in (asked, policy.mode):
        if mode is not Mode.AUTO:
            return mode
    return Mode.TWO_ATTEMPT if service in SINGLE_FIELD_SERVICES else Mode.CONVERSATION
