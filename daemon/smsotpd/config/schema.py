# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every key of smsotpd.toml: its table, the value it sets, and what may be said.

etc/smsotp/smsotpd.toml shows each with its default; a test keeps the two equal.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from smsotpd.config.secret_value import secret
from smsotpd.core.channel import CHANNELS, parse_recipient
from smsotpd.core.code_kind import CodeKind
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import parse_gateway_name
from smsotpd.core.limits import Budget
from smsotpd.core.mail_server import Protection
from smsotpd.core.notification import EVENT_KINDS, TAGS
from smsotpd.core.origin import Network
from smsotpd.core.policy import (
    FEWEST_CODE_DIGITS,
    LONGEST_CODE_LIFETIME,
    MOST_CODE_DIGITS,
    MOST_WRONG_ANSWERS,
    AllowedUntil,
    Factor,
    Mode,
    Unenrolled,
)
from smsotpd.core.recipient import Recipient
from smsotpd.core.text import check_text

_PREFIX = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_PATH = re.compile(r"/[^\0]{1,4095}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2})?", re.ASCII)
_UNTIL = re.compile(r"allow-until (\d{4}-\d{2}-\d{2})", re.ASCII)
_HOUR = 3600.0
_MOST_HOURS = 720  # 30 days
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the field it sets, and how a value is read (ValueError: what is wrong with it)."""

    field: str
    read: Callable[[object], object]


def integer(least: int, most: int) -> Callable[[object], int]:
    """Take whole numbers within bounds."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return value

    return read


def seconds(least: float, most: float) -> Callable[[object], float]:
    """Take numbers of seconds within bounds."""

    def read(value: object) -> float:
        match value:
            case int() | float() if not isinstance(value, bool) and least <= value <= most:
                return float(value)
            case _:
                raise ValueError(f"must be a number of seconds from {least:g} to {most:g}")

    return read


def budget(window: float) -> Callable[[object], Budget]:
    """Take how many events one window allows."""
    count = integer(1, 10_000_000)
    return lambda value: Budget(count(value), window)


def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  # a wrong value, to its reader
    return value


def choice(words: type[StrEnum], *excluded: StrEnum) -> Callable[[object], StrEnum]:
    """Take one of the words of an enumeration."""
    allowed = [word for word in words if word not in excluded]

    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return words(value)

    return read


def factors(value: object) -> frozenset[Factor]:
    """Take `["pin", "code"]` or `["code"]`."""
    if value not in (["pin", "code"], ["code", "pin"], ["code"]):
        raise ValueError('must be ["pin", "code"] or ["code"]')
    return frozenset(Factor(word) for word in value)


def unenrolled(value: object) -> Unenrolled | AllowedUntil:
    """Take `deny`, `ignore`, `enrol` or `allow-until` with a day."""
    if isinstance(value, str) and value in set(Unenrolled):
        return Unenrolled(value)
    until = _UNTIL.fullmatch(value) if isinstance(value, str) else None
    if until is None:
        raise ValueError(f"must be one of {', '.join(Unenrolled)}, allow-until 2027-01-31")
    try:
        return AllowedUntil(date.fromisoformat(until[1]).isoformat())
    except ValueError:
        raise ValueError("must name a day that there is, as allow-until 2027-01-31") from None


def networks(value: object) -> tuple[Network, ...]:
    """Take a list of addresses and of networks in the notation of RFC 4632, 3.1."""
    if not isinstance(value, list) or not all(isinstance(network, str) for network in value):
        raise ValueError('must be a list of texts, as ["192.0.2.0/24", "2001:db8::1"]')
    return tuple(_network(network) for network in value)


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(
            "must hold addresses and networks only, without bits of a host and never names, "
            'as ["192.0.2.0/24", "2001:db8::1"]'
        ) from None
    if not network.prefixlen:
        raise ValueError("must not hold a network that everybody is in")
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise ValueError("must hold IPv4 networks as such, not as IPv6")
    return network


def hours(value: object) -> float:
    """Take a whole number of hours; none switches off what they are for."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_HOURS:
        raise ValueError(f"must be a whole number of hours from 0 to {_MOST_HOURS}")
    return value * _HOUR


def codes(value: object) -> frozenset[CodeKind]:
    """Take a list of kinds of codes; a break-glass code is accepted everywhere and not named."""
    kinds = [kind for kind in CodeKind if kind is not CodeKind.BREAK_GLASS]
    if not isinstance(value, list) or not value or not all(kind in kinds for kind in value):
        raise ValueError(f"must be a list out of {', '.join(kinds)}")
    return frozenset(CodeKind(kind) for kind in value)


def text(*fields: str) -> Callable[[object], str]:
    """Take text that may hold the given fields in braces."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError("must be a text that is not empty")
        try:
            return check_text("", value, frozenset(fields))
        except BadArgumentError as error:
            raise ValueError(error.complaint) from error

    return read


def message(value: object) -> str:
    """Take the text that carries the code."""
    checked = text("otp", "user", "host", "service", "minutes")(value)
    if "{otp}" not in checked:
        raise ValueError("must hold {otp}, the place of the code")
    return checked


def word(value: object) -> str:
    """Take a word that no code can be mistaken for."""
    if not isinstance(value, str) or not value.isalpha():
        raise ValueError("must be letters only")
    return text()(value)


def help_word(value: object) -> str:
    """Take a question mark, or a word that no code can be mistaken for."""
    return "?" if value == "?" else word(value)


def language(value: object) -> str:
    """Take a language, with its country where that matters; empty for the host's."""
    if value != "" and (not isinstance(value, str) or not _LANGUAGE.fullmatch(value)):
        raise ValueError('must be a language, as "de" or "pt_BR", or empty for the host\'s')
    return value


def gateway_names(value: object) -> tuple[str, ...]:
    """Take a list of gateway names."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a list of gateway names")
    try:
        return tuple(parse_gateway_name(name) for name in value)
    except BadArgumentError as error:
        raise ValueError(str(error)) from error


def channel(value: object) -> str:
    """Take the name of a channel."""
    if not isinstance(value, str) or value not in CHANNELS:
        raise ValueError(f"must be one of {', '.join(CHANNELS)}")
    return value


def prefixes(value: object) -> tuple[str, ...]:
    """Take a list of beginnings of numbers, as country codes, without plus sign."""
    if not isinstance(value, list) or not all(_is_prefix(prefix) for prefix in value):
        raise ValueError('must be a list of texts of digits without plus sign, as ["49", "1907"]')
    return tuple(value)


def _is_prefix(value: object) -> bool:
    return isinstance(value, str) and _PREFIX.fullmatch(value) is not None


def names(what: str) -> Callable[[object], frozenset[str]]:
    """Take a list of names of groups, services, users and so on."""

    def read(value: object) -> frozenset[str]:
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise ValueError(f"must be a list of names of {what}")
        return frozenset(value)

    return read


def events(value: object) -> frozenset[str]:
    """Take a list of kinds of events."""
    kinds = names("events")(value)
    if not kinds or not kinds <= EVENT_KINDS:
        raise ValueError(f"must be a list out of {', '.join(sorted(EVENT_KINDS))}")
    return kinds


def told(value: object) -> tuple[Recipient | None, ...]:
    """Take a list of `user`, which becomes None, and of addresses as `sms:+491701234567`."""
    if not isinstance(value, list) or not value or not all(isinstance(to, str) for to in value):
        raise ValueError('must be a list of "user" and addresses, as ["sms:+491701234567"]')
    return tuple(None if to == "user" else _address(to) for to in value)


def _address(text: str) -> Recipient:
    channel_name, colon, address = text.partition(":")
    try:
        return parse_recipient(channel_name if colon else "", address)
    except BadArgumentError as error:
        raise ValueError(f'must be "user" or CHANNEL:ADDRESS; {error}') from None


def gateway_name(value: object) -> str:
    """Take the name of a gateway."""
    (name,) = gateway_names([value])
    return name


def matching(pattern: re.Pattern[str], what: str) -> Callable[[object], str]:
    """Take texts of a form."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {what}")
        return value

    return read


def line(value: object) -> str:
    """Take one line of printable text."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("must be one line of printable text")
    return value


DAEMON: Mapping[str, Key] = {
    "host": Key("host", text()),
    "transaction_seconds": Key("transaction_seconds", seconds(30, 3600)),
    "most_transactions": Key("most_transactions", integer(16, 1_000_000)),
}

PIN: Mapping[str, Key] = {
    "memory_kib": Key("memory", integer(8, 4_194_304)),
    "time_cost": Key("time", integer(1, 64)),
    "lanes": Key("lanes", integer(1, 16)),
    "threads": Key("threads", integer(1, 64)),
}

GATEWAYS: Mapping[str, Key] = {
    "order": Key("order", gateway_names),
    "deadline_seconds": Key("send_deadline", seconds(1, 60)),
    "allow_outbox": Key("allow_outbox", boolean),
}

ROUTE: Mapping[str, Key] = {
    "gateways": Key("gateways", gateway_names),
    "channel": Key("channel", channel),
    "prefixes": Key("prefixes", prefixes),
    "groups": Key("groups", names("groups")),
}

SMTP: Mapping[str, Key] = {
    "host": Key("host", matching(_HOST, "a host name or address")),
    "port": Key("own_port", integer(1, 65_535)),
    "protection": Key("protection", choice(Protection)),
    "user": Key("user", line),
    "password": Key("password", secret),
    "sender": Key("sender", matching(_ADDRESS, "one mail address, as otp@example.org")),
    "ca_file": Key("ca_file", matching(_PATH, "an absolute path")),
    "timeout_seconds": Key("timeout", seconds(1, 60)),
}

NOTIFY: Mapping[str, Key] = {
    "events": Key("events", events),
    "to": Key("told", told),
    "gateway": Key("gateway", gateway_name),
    "services": Key("services", names("services")),
    "users": Key("users", names("users")),
    "text": Key("text", text(*TAGS)),
    "most_per_hour": Key("most_per_hour", integer(1, 1000)),
}

LIMITS: Mapping[str, Key] = {
    "failures_to_lock": Key("failures_to_lock", integer(1, 100)),
    # The store remembers the failures of names that are not enrolled for a day.
    "lock_seconds": Key("lock_seconds", seconds(1, _DAY)),
    "failures_to_disable": Key("failures_to_disable", integer(1, 100)),
    "failures_without_delay": Key("failures_without_delay", integer(0, 100)),
    "delay_step_seconds": Key("delay_step_seconds", seconds(0, 60)),
    "longest_delay_seconds": Key("longest_delay_seconds", seconds(0, 20)),
    "resend_seconds": Key("resend_seconds", seconds(0, _HOUR)),
    "longest_resend_seconds": Key("longest_resend_seconds", seconds(0, _DAY)),
    "guesses_per_phone_and_hour": Key("guesses_per_phone", budget(_HOUR)),
    "guesses_per_origin_and_hour": Key("guesses_per_origin", budget(_HOUR)),
    "guesses_per_prefix_and_hour": Key("guesses_per_prefix", budget(_HOUR)),
    "guesses_per_hour": Key("guesses_in_all", budget(_HOUR)),
    "sends_per_user_and_day": Key("sends_per_user", budget(_DAY)),
    "sends_per_phone_and_day": Key("sends_per_phone", budget(_DAY)),
    "sends_per_origin_and_day": Key("sends_per_origin", budget(_DAY)),
    "sends_per_prefix_and_day": Key("sends_per_prefix", budget(_DAY)),
    "sends_per_day": Key("sends_in_all", budget(_DAY)),
}

POLICY: Mapping[str, Key] = {
    "factors": Key("factors", factors),
    "mode": Key("mode", choice(Mode, Mode.CHANGE_PIN)),
    "codes": Key("codes", codes),
    "first": Key("first", choice(CodeKind, CodeKind.RECOVERY, CodeKind.BREAK_GLASS)),
    "code_digits": Key("code_digits", integer(FEWEST_CODE_DIGITS, MOST_CODE_DIGITS)),
    "code_seconds": Key("code_lifetime", seconds(30, LONGEST_CODE_LIFETIME)),
    "wrong_answers": Key("wrong_answers", integer(1, MOST_WRONG_ANSWERS)),
    "resends": Key("resends", integer(0, 10)),
    "unenrolled": Key("unenrolled", unenrolled),
    "transaction_id": Key("transaction_id", boolean),
    "trusted_networks": Key("trusted_networks", networks),
    "exempt_groups": Key("exempt_groups", names("groups")),
    "required_groups": Key("required_groups", names("groups")),
    "remember_hours": Key("remember_seconds", hours),
    "language": Key("language", language),
}

TEXTS: Mapping[str, Key] = {
    "pin_prompt": Key("pin_prompt", text()),
    "single_prompt": Key("single_prompt", text()),
    "send_prompt": Key("send_prompt", text("phone", "word")),
    "code_prompt": Key("code_prompt", text("phone")),
    "resend_word": Key("resend_word", word),
    "channel_word": Key("channel_word", word),
    "help_word": Key("help_word", help_word),
    "message": Key("message", message),
}
