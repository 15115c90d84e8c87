# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway as defined by the administrator: a name, a type and its settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.secret import Secret

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)

STORED = "store"


@dataclass(frozen=True, slots=True)
class GatewayDefinition:
    """One gateway, checked or not; its printed form shows no setting.

    Attributes:
        type_id: which provider, as `http`.
        settings: flat name to text, secrets excluded, unless they were put in the wrong place.
        secrets: flat name to secret text.
        source: `store`, or the path of the file that defines it.
    """

    name: str
    type_id: str
    settings: Mapping[str, str] = field(repr=False)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    enabled: bool = True
    source: str = STORED


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting of a gateway type, as shown to whoever configures it.

    Attributes:
        kind: `text`, `url`, `choice`, `yes-no`, `seconds`, `integer` or `fields`
            (`fields`: any further names are taken; the name stands for the family).
        default: the text that holds where none is given; None if there is none.
    """

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    default: str | None = None
    required: bool = False
    secret: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GatewayType:
    """A provider we can send through, as listed to the administrator.

    Attributes:
        aliases: ids under which earlier programs knew it; a definition is stored under `type_id`.
        channel: the kind of address its recipients have.
        pairs: an account may have to be linked to it before it sends.
    """

    type_id: str
    title: str
    link: str
    settings: tuple[SettingDescription, ...]
    aliases: tuple[str, ...] = ()
    channel: str = SMS
    pairs: bool = False


def parse_gateway_name(text: str) -> str:
    """Return the name if it is one: a-z, 0-9, hyphen, underscore; 64 characters at most.

    Raises:
        BadArgumentError: it is not.
    """
    if not _NAME.fullmatch(text):
        raise BadArgumentError(
            "gateway name", "must be 1-64 of a-z, 0-9, - and _, not starting with a sign"
        )
    return text
