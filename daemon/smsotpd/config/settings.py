# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd.toml and its drop-ins, read into the settings of the domain."""

import ipaddress
import socket
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smsotpd.config.document import Document, read_document, toml_files
from smsotpd.config.gateway_files import read_gateway_files
from smsotpd.config.mistakes import Mistakes
from smsotpd.config.schema import (
    DAEMON,
    GATEWAYS,
    LIMITS,
    NOTIFY,
    PIN,
    POLICY,
    ROUTE,
    SMTP,
    TEXTS,
    Key,
)
from smsotpd.config.secret_value import refuse_if_open_to_everybody
from smsotpd.core.errors import ConfigurationError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.mail_server import MailServer, Protection
from smsotpd.core.notification import Notification
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.route import Route

MAIN_FILE = "smsotpd.toml"
DROP_INS = "smsotpd.d"
_DEFAULT_POLICY = "default"
_KIB_PER_LANE = 8  # RFC 9106, 3.1: the least that argon2 works with


@dataclass(frozen=True, slots=True)
class PinCost:
    """What hashing a PIN may cost: KiB of memory, passes, lanes, and hashes at once."""

    memory: int = 47_104
    time: int = 1
    lanes: int = 1
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the administrator's files say."""

    settings: Settings = field(default_factory=Settings)
    pin_cost: PinCost = field(default_factory=PinCost)
    gateways: tuple[GatewayDefinition, ...] = ()
    mail_servers: Mapping[str, MailServer] = field(default_factory=dict)
    files: int = 0


def read_configuration(directory: Path) -> Configuration:
    """Read all files of a configuration directory; what they do not say has its default.

    Drop-ins are read after the main file in the order of their names; a later key wins.

    Raises:
        ConfigurationError: a file is unreadable or wrong; names file, key and line.
    """
    main_file, mistakes = directory / MAIN_FILE, Mistakes()
    gateways: tuple[GatewayDefinition, ...] = ()
    # A link that leads nowhere is a mistake, not a file that is absent.
    paths = [main_file] if main_file.is_symlink() or _is_there(main_file) else []
    documents = _read_documents((*paths, *toml_files(directory / DROP_INS)), mistakes)
    with mistakes.noted():
        gateways = read_gateway_files(directory)
    files = len(documents) + len(gateways)
    start = Configuration(Settings(host=socket.gethostname()), gateways=gateways, files=files)
    return merge(start, documents, mistakes)


def check_file(directory: Path, path: Path) -> None:
    """Read a file as if it were the last of the drop-ins.

    Of the others only the policies count; their credentials are the daemon's alone.

    Raises:
        ConfigurationError: it, or one of the others, is wrong; names file, key and line.
    """
    main_file, drop_ins = directory / MAIN_FILE, toml_files(directory / DROP_INS)
    before = [each for each in (main_file, *drop_ins) if each.exists() and not _is_same(each, path)]
    mistakes = Mistakes()
    documents = [_policies_of(each) for each in _read_documents(before, mistakes)]
    merge(Configuration(), [*documents, *_read_documents([path], mistakes)], mistakes)


def _read_documents(paths: Iterable[Path], mistakes: Mistakes) -> list[Document]:
    documents = []
    for path in paths:
        with mistakes.noted():
            documents.append(read_document(path))
    return documents


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _policies_of(document: Document) -> Document:
    kept = {name: table for name, table in document.values.items() if name == "policy"}
    return replace(document, values=kept)


def merge(
    configuration: Configuration, documents: Sequence[Document], mistakes: Mistakes | None = None
) -> Configuration:
    """Return the configuration with what the files say on top of it, a later one over an earlier.

    Args:
        mistakes: those that were found before.

    Raises:
        ConfigurationError: a table or key is unknown, or a value is wrong; or what was found
            before.
    """
    mistakes = Mistakes() if mistakes is None else mistakes
    for document in documents:
        for name in document.values:
            with mistakes.noted():
                configuration = _with_table(configuration, document, name)
    # Services start from the default policy, which any of the files may change. What does not fit
    # to it is no mistake of theirs while it is not known.
    is_whole = not mistakes
    for document in documents:
        with mistakes.noted():
            settings = _with_services(configuration.settings, document, together=is_whole)
            configuration = replace(configuration, settings=settings)
    mistakes.tell()
    sources = _sources(documents)
    return replace(configuration, settings=replace(configuration.settings, sources=sources))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error.strerror}") from error


def _with_table(configuration: Configuration, document: Document, name: str) -> Configuration:
    """Return the configuration with one table of a file, policies of services left out."""
    settings = configuration.settings
    match name:
        case "daemon":
            settings = replace(settings, **_read(document, name, DAEMON))
        case "gateways":
            settings = replace(settings, **_read(document, name, GATEWAYS))
        case "limits":
            limits = replace(settings.limits, **_read(document, name, LIMITS))
            settings = replace(settings, limits=limits)
        case "pin":
            pin_cost = replace(configuration.pin_cost, **_read(document, name, PIN))
            if pin_cost.memory < _KIB_PER_LANE * pin_cost.lanes:
                complaint = f"must be at least {_KIB_PER_LANE} for each of the lanes"
                raise document.error("pin.memory_kib", complaint)
            return replace(configuration, pin_cost=pin_cost)
        case "policy":
            if _DEFAULT_POLICY in document.table(name):
                policy = _policy(settings.default_policy, document, _DEFAULT_POLICY)
                settings = replace(settings, default_policy=policy)
        case "route":
            settings = _with_routes(settings, document)
        case "smtp":
            return replace(configuration, mail_servers=_mail_servers(configuration, document))
        case "notify":
            settings = _with_notifications(settings, document)
        case _:
            known = (
                "[daemon], [gateways], [limits], [pin], [policy.default], [policy.SERVICE], "
                "[route.NAME], [notify.NAME], [smtp.NAME]"
            )
            raise document.error(name, f"is no table of this file; known: {known}")
    return replace(configuration, settings=settings)


def _with_routes(settings: Settings, document: Document) -> Settings:
    routes, mistakes = dict(settings.routes), Mistakes()
    for name, table in document.table("route").items():
        with mistakes.noted():
            routes[name] = _route(document, name, table)
    mistakes.tell()
    return replace(settings, routes=routes)


def _route(document: Document, name: str, table: object) -> Route:
    if not isinstance(table, dict):
        raise document.error(f"route.{name}", "must stand in a route: [route.NAME]")
    values = _read(document, f"route.{name}", ROUTE, "route", name)
    if not values.get("gateways"):
        raise document.error(f"route.{name}", 'names no gateways, as in gateways = ["first"]')
    return Route(**values)


def _with_notifications(settings: Settings, document: Document) -> Settings:
    notifications, mistakes = dict(settings.notifications), Mistakes()
    for name, table in document.table("notify").items():
        with mistakes.noted():
            notifications[name] = _notification(document, name, table)
    mistakes.tell()
    return replace(settings, notifications=notifications)


def _notification(document: Document, name: str, table: object) -> Notification:
    if not isinstance(table, dict):
        raise document.error(f"notify.{name}", "must stand in a notification: [notify.NAME]")
    values = _read(document, f"notify.{name}", NOTIFY, "notify", name)
    told = values.pop("told", ())
    if not values.get("events") or not told:
        raise document.error(f"notify.{name}", "needs both events and to")
    to = tuple(recipient for recipient in told if recipient is not None)
    return Notification(name, to_user=None in told, to=to, **values)


def _mail_servers(configuration: Configuration, document: Document) -> dict[str, MailServer]:
    servers, mistakes = dict(configuration.mail_servers), Mistakes()
    for name, table in document.table("smtp").items():
        with mistakes.noted():
            servers[name] = _mail_server(document, name, table)
    mistakes.tell()
    return servers


def _mail_server(document: Document, name: str, table: object) -> MailServer:
    shown = f"smtp.{name}"
    if not isinstance(table, dict):
        raise document.error(shown, "must stand in a mail server: [smtp.NAME]")
    values = _read(document, shown, SMTP, "smtp", name)
    if not values.get("host") or not values.get("sender"):
        raise document.error(shown, "needs both host and sender")
    if bool(values.get("user")) != bool(values.get("password")):
        raise document.error(shown, "needs both user and password, or neither")
    if isinstance(table.get("password"), str):
        refuse_if_open_to_everybody(Path(document.path))
    server = MailServer(name, **values)
    if server.user and server.protection is Protection.NONE and not _is_here(server.host):
        complaint = "would send the password for everybody to read: use starttls or tls"
        raise document.error(f"{shown}.protection", complaint)
    return server


def _is_here(host: str) -> bool:
    """Tell whether a host is this one, by the names and addresses that always mean it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_services(settings: Settings, document: Document, *, together: bool) -> Settings:
    mistakes = Mistakes()
    for service in document.table("policy"):
        if service == _DEFAULT_POLICY:
            continue
        with mistakes.noted():
            policy = _policy(settings.policy(service), document, service, together=together)
            settings = replace(settings, services={**settings.services, service: policy})
    mistakes.tell()
    return settings


def _sources(documents: Sequence[Document]) -> dict[str, str]:
    """Return file and line of every key of every policy; the last that sets it wins."""
    return {
        f"policy.{service}.{key}": document.place(f"policy.{service}.{key}")
        for document in documents
        for service, table in document.table("policy").items()
        if isinstance(table, dict)
        for key in table
    }


def _policy(start: Policy, document: Document, service: str, *, together: bool = True) -> Policy:
    if not isinstance(document.table("policy")[service], dict):
        complaint = "must stand in the policy of a service: [policy.default] or [policy.SERVICE]"
        raise document.error(f"policy.{service}", complaint)
    values = _read(document, f"policy.{service}", {**POLICY, **TEXTS}, "policy", service)
    words = {name: value for name, value in values.items() if name in TEXTS}
    rules = {name: value for name, value in values.items() if name not in TEXTS}
    texts = replace(start.texts, **words)
    policy = replace(start, texts=texts, **rules)
    if together:
        _check_together(document, service, policy, words.keys() | rules.keys())
    return policy


def _check_together(
    document: Document, service: str, policy: Policy, said: AbstractSet[str]
) -> None:
    """Refuse what each key allows and both together do not."""
    texts = policy.texts
    words = [texts.resend_word, texts.channel_word, texts.help_word]
    if len({word.casefold() for word in words}) < len(words):
        for name in ("help_word", "channel_word", "resend_word"):
            if name in said:
                others = "resend_word, channel_word and help_word must differ"
                raise document.error(f"policy.{service}.{name}", others)
    if "first" in said and policy.first not in policy.codes:
        raise document.error(f"policy.{service}.first", "must be one of the codes")


def _read(
    document: Document, shown: str, keys: Mapping[str, Key], *path: str
) -> dict[str, Any]:  # each value was made by the reader of its field
    values: dict[str, Any] = {}
    mistakes = Mistakes()
    for name, value in document.table(*(path or (shown,))).items():
        dotted = f"{shown}.{name}"
        key = keys.get(name)
        with mistakes.noted():
            if key is None:
                raise document.error(dotted, f"is no key of [{shown}]; known: {', '.join(keys)}")
            try:
                values[key.field] = key.read(value)
            except ValueError as error:
                raise document.error(dotted, str(error)) from None
    mistakes.tell()
    return values
