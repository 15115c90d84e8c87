# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""gateways.d/*.toml: gateways that the administrator keeps in files.

A file is called after its gateway and holds `type`, optionally `enabled`, and the tables
[settings] and [secrets]. A secret is a text, or `{ credential = "NAME" }` for one that systemd
hands to the daemon (LoadCredential=).
"""

from pathlib import Path

from smsotpd.config.document import Document, read_document, toml_files
from smsotpd.config.mistakes import Mistakes
from smsotpd.config.secret_value import refuse_if_open_to_everybody, secret
from smsotpd.core.errors import BadArgumentError, ConfigurationError
from smsotpd.core.gateway import GatewayDefinition, parse_gateway_name
from smsotpd.core.secret import Secret

GATEWAY_FILES = "gateways.d"
_LARGEST_NUMBER = 10**15  # what every reader of a text takes for the same number


def read_gateway_files(directory: Path) -> tuple[GatewayDefinition, ...]:
    """Read all gateway files of a configuration directory, ordered by name.

    Raises:
        ConfigurationError: a file is wrong, or open to everybody.
    """
    definitions, mistakes = [], Mistakes()
    for path in toml_files(directory / GATEWAY_FILES):
        with mistakes.noted():
            definitions.append(_read(path))
    mistakes.tell()
    return tuple(definitions)


def _read(path: Path) -> GatewayDefinition:
    document = read_document(path)
    # With or without [secrets]: only the gateway's type knows which of its settings are secret.
    refuse_if_open_to_everybody(path)
    try:
        name = parse_gateway_name(path.stem)
    except BadArgumentError as error:
        raise ConfigurationError(str(path), f"is called after no gateway: {error}") from None
    for key in document.values:
        if key not in {"type", "enabled", "settings", "secrets"}:
            raise document.error(key, "is no key here; known: type, enabled, [settings], [secrets]")
    type_id, enabled = document.values.get("type"), document.values.get("enabled", True)
    if not isinstance(type_id, str):
        raise document.error("type", 'must be the id of a gateway type, as "http"')
    if not isinstance(enabled, bool):
        raise document.error("enabled", "must be true or false")
    secrets = {
        key: _secret(document, f"secrets.{key}", value)
        for key, value in document.table("secrets").items()
    }
    settings = {
        key: _text(document, f"settings.{key}", value)
        for key, value in document.table("settings").items()
    }
    return GatewayDefinition(name, type_id, settings, secrets, enabled, str(path))


def _text(document: Document, dotted: str, value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case int() | float() if abs(value) < _LARGEST_NUMBER:
            return str(value)
        case dict():
            raise document.error(
                dotted, 'is no table; a name with a dot is quoted: "option.to" = …'
            )
        case _:
            raise document.error(dotted, "must be a text, a moderate number, true or false")


def _secret(document: Document, dotted: str, value: object) -> Secret:
    try:
        return secret(value)
    except ValueError as error:
        raise document.error(dotted, str(error)) from None
