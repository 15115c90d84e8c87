# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that follow from a gateway's table of settings alone."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, SettingDescription
from smsotpd.gateways.spec.gateway import Gateway
from smsotpd.gateways.spec.values import family_of

_LONGEST_TEXT: Final = 8192
_LONGEST_NAME: Final = 200
_LONGEST_SECONDS: Final = 60.0
_URL_SCHEMES: Final = frozenset({"http", "https"})
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\\#]")
_SECONDS = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,9}", re.ASCII)
# Names that nobody uses for what everybody may read; they are masked without being asked for.
_SECRET_NAME = re.compile(
    r"passw|passphrase|secret|token|api[-_]?(key|hash)|access[-_]?key|authorization|^pwd$|^pass$",
    re.IGNORECASE,
)


def check_settings(gateway: Gateway, definition: GatewayDefinition) -> None:
    """Check every setting of a definition by the table, then all of them together.

    Raises:
        BadArgumentError: a setting is unknown, missing, given twice or malformed; names it.
    """
    for name in definition.settings:
        if name in definition.secrets:
            raise BadArgumentError(name, "is given both as a setting and as a secret")
    given = dict(definition.settings)
    given.update((name, secret.reveal()) for name, secret in definition.secrets.items())
    table = {setting.name: setting for setting in gateway.settings}
    _check_names(gateway, given)
    for name, text in given.items():
        if len(text) > _LONGEST_TEXT:
            raise BadArgumentError(name, f"is longer than {_LONGEST_TEXT} characters")
        if "\0" in text:
            raise BadArgumentError(name, "must not contain a zero character")
        if text and name in table:
            check_kind(table[name], text)
    for setting in gateway.settings:
        if setting.required and not given.get(setting.name):
            raise BadArgumentError(setting.name, "is missing")
    gateway.check(gateway.values(definition))


def check_kind(setting: SettingDescription, text: str) -> None:
    """Check one text by its setting's kind.

    Raises:
        BadArgumentError: it is not of that kind.
    """
    match setting.kind:
        case "url":
            parse_url(setting.name, text)
        case "choice" if text not in setting.choices:
            raise BadArgumentError(setting.name, f"must be {_either(setting.choices)}")
        case "yes-no" if text not in {"yes", "no"}:
            raise BadArgumentError(setting.name, "must be yes or no")
        case "seconds" if not (_SECONDS.fullmatch(text) and 0 < float(text) <= _LONGEST_SECONDS):
            raise BadArgumentError(
                setting.name, f"must be seconds above 0, {_LONGEST_SECONDS:g} at most, as in 2.5"
            )
        case "integer" if not _INTEGER.fullmatch(text):
            raise BadArgumentError(setting.name, "must be a whole number")
        case _:
            pass


def parse_url(name: str, text: str) -> SplitResult:
    """Parse an absolute http or https URL.

    Raises:
        BadArgumentError: it is none, or holds what no request can carry.
    """
    if _NOT_IN_URL.search(text):
        raise BadArgumentError(name, "must hold no blank, control character, backslash or #")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadArgumentError(name, "is no URL: its host or port is malformed") from error
    if parts.scheme not in _URL_SCHEMES or not host or port == 0:
        raise BadArgumentError(name, "must be a URL with its host, as in https://host/path")
    if parts.username is not None:
        pair = (parts.username, parts.password or "")
        if not parts.username or parts.password is None:
            raise BadArgumentError(name, "must name user and password before the @, or neither")
        if any(ord(char) < 0x20 for part in pair for char in unquote(part)):  # noqa: PLR2004  # C0
            raise BadArgumentError(name, "must hold no control character before the @")
    return parts


def secret_names(gateway: Gateway, definition: GatewayDefinition) -> frozenset[str]:
    """Return the names of a definition that must not be shown.

    These are the ones stored as secrets, the ones the table marks, further fields with a telling
    name (password, token, …), and URLs that carry user and password.
    """
    marked = {setting.name for setting in gateway.settings if setting.secret}
    table = {setting.name: setting for setting in gateway.settings}
    return frozenset(
        name
        for name, text in _all_texts(definition).items()
        if name in definition.secrets
        or name in marked
        or (name not in table and _SECRET_NAME.search(_own_name(gateway, name)))
        or (name in table and table[name].kind == "url" and "@" in text)
    )


def _all_texts(definition: GatewayDefinition) -> Mapping[str, str]:
    return {**definition.settings, **dict.fromkeys(definition.secrets, "")}


def _own_name(gateway: Gateway, name: str) -> str:
    family = family_of(name, gateway.settings, gateway.open_family)
    return name.removeprefix(f"{family}.")


def _check_names(gateway: Gateway, given: Mapping[str, str]) -> None:
    seen: dict[tuple[str, str], str] = {}
    fixed = {setting.name for setting in gateway.settings}
    for name in given:
        family = family_of(name, gateway.settings, gateway.open_family)
        if not family and name not in fixed:
            raise BadArgumentError(
                _printable(name),
                f"is no setting of {gateway.id}; it has {', '.join(sorted(fixed))}",
            )
        own = name.removeprefix(f"{family}.") if family else name
        if not own or len(own) > _LONGEST_NAME or not own.isprintable():
            raise BadArgumentError(
                _printable(name), f"is no name: 1 to {_LONGEST_NAME} printable characters"
            )
        if (family, own) in seen:
            raise BadArgumentError(name, f"is given twice, also as {seen[family, own]}")
        seen[family, own] = name


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:60]) or "an empty name"


def _either(choices: tuple[str, ...]) -> str:
    return " or ".join(choices)
