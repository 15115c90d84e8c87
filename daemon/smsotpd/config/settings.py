# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd.toml and its drop-ins, read into the settings of the domain."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smsotpd.config.document import Document, read_document
from smsotpd.config.gateway_files import read_gateway_files
from smsotpd.config.schema import DAEMON, GATEWAYS, LIMITS, PIN, POLICY, TEXTS, Key
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.policy import Policy, Settings

MAIN_FILE = "smsotpd.toml"
DROP_INS = "smsotpd.d"
_DEFAULT_POLICY = "default"


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
    files: int = 0


def read_configuration(directory: Path) -> Configuration:
    """Read all files of a configuration directory; what they do not say has its default.

    Drop-ins are read after the main file in the order of their names; a later key wins.

    Raises:
        ConfigurationError: a file is unreadable or wrong; names file, key and line.
    """
    paths = [directory / MAIN_FILE] if (directory / MAIN_FILE).exists() else []
    paths += sorted((directory / DROP_INS).glob("*.toml"))
    configuration = Configuration(Settings(host=socket.gethostname()))
    for path in paths:
        configuration = merge(configuration, read_document(path))
    gateways = read_gateway_files(directory)
    return replace(configuration, gateways=gateways, files=len(paths) + len(gateways))


def merge(configuration: Configuration, document: Document) -> Configuration:
    """Return the configuration with what one file says on top of it.

    Raises:
        ConfigurationError: a table or key is unknown, or a value is wrong.
    """
    settings, pin_cost = configuration.settings, configuration.pin_cost
    for name in document.values:
        table = _table(document, name, document.values)
        match name:
            case "daemon":
                settings = replace(settings, **_read(document, name, table, DAEMON))
            case "gateways":
                settings = replace(settings, **_read(document, name, table, GATEWAYS))
            case "limits":
                limits = replace(settings.limits, **_read(document, name, table, LIMITS))
                settings = replace(settings, limits=limits)
            case "pin":
                pin_cost = replace(pin_cost, **_read(document, name, table, PIN))
            case "policy":
                settings = _with_policies(settings, document, table)
            case _:
                known = "daemon, gateways, limits, pin, policy.default, policy.SERVICE"
                raise document.error(name, f"is no table of this file; known: {known}")
    return replace(configuration, settings=settings, pin_cost=pin_cost)


def _with_policies(
    settings: Settings, document: Document, tables: Mapping[str, object]
) -> Settings:
    # The default comes first, whatever the order in the file: services start from it.
    for service in sorted(tables, key=lambda name: name != _DEFAULT_POLICY):
        table = _table(document, f"policy.{service}", tables)
        if service == _DEFAULT_POLICY:
            policy = _policy(settings.default_policy, document, service, table)
            settings = replace(settings, default_policy=policy)
        else:
            policy = _policy(settings.policy(service), document, service, table)
            settings = replace(settings, services={**settings.services, service: policy})
    return settings


def _policy(start: Policy, document: Document, service: str, table: Mapping[str, object]) -> Policy:
    values = _read(document, f"policy.{service}", table, {**POLICY, **TEXTS})
    words = {name: value for name, value in values.items() if name in TEXTS}
    rules = {name: value for name, value in values.items() if name not in TEXTS}
    texts = replace(start.texts, **words)
    return replace(start, texts=texts, **rules)


def _table(document: Document, name: str, tables: Mapping[str, object]) -> Mapping[str, object]:
    table = tables[name.removeprefix("policy.")]
    if not isinstance(table, dict):
        raise document.error(name, f"must stand in a table, as [{name}]")
    return table


def _read(
    document: Document, table_name: str, table: Mapping[str, object], keys: Mapping[str, Key]
) -> dict[str, Any]:  # each value was made by the reader of its field
    values: dict[str, Any] = {}
    for name, value in table.items():
        dotted = f"{table_name}.{name}"
        key = keys.get(name)
        if key is None:
            raise document.error(dotted, f"is no key of [{table_name}]; known: {', '.join(keys)}")
        try:
            values[key.field] = key.read(value)
        except ValueError as error:
            raise document.error(dotted, str(error)) from None
    return values
