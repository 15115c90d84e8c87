# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""wwebjs-api: WhatsApp through a browser that somebody's own server runs (whatsapp-web.js)."""

import re
from dataclasses import replace
from typing import Final

from smsotpd.core.channel_names import WHATSAPP
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.providers.whatsapp.api import FAILURES
from smsotpd.gateways.providers.whatsapp.linking import inspect, pair
from smsotpd.gateways.providers.whatsapp.sending import lead
from smsotpd.gateways.spec import Evidence, Gateway, HttpDialogue, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url
from smsotpd.gateways.spec.own_server import CA_FILE, check_authorities

_KEY: Final = re.compile(r"[!-~]*")
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def _check(values: Values) -> None:
    check_base_url(values)
    check_authorities(CA_FILE.name, values.text(CA_FILE.name), values.text("base_url"))
    if not _SESSION.fullmatch(values.text("session")):
        raise BadArgumentError("session", "must be 1-64 of A-Z, a-z, 0-9, - and _")
    if not _KEY.fullmatch(values.text("api_key")):
        raise BadArgumentError("api_key", "must hold no blank and no sign outside ASCII")


GATEWAY: Final = Gateway(
    id="whatsapp",
    title="WhatsApp, by wwebjs-api",
    link="https://github.com/avoylenko/wwebjs-api",
    settings=(
        replace(base_url(None, "Of your own wwebjs-api, as http://localhost:3000."), required=True),
        SettingDescription(
            "api_key", "API key", "What the server has in API_KEY, if it has.", secret=True
        ),
        SettingDescription(
            "session", "Name of the session", "One linked WhatsApp account.", default="smsotp"
        ),
        CA_FILE,
    ),
    transport=HttpDialogue(lead),
    check=_check,
    channel=WHATSAPP,
    failures=FAILURES,
    evidence=Evidence(
        verified="wwebjs-api's description of its interface and its source, July 2026; "
        "a simulator made after them",
        uncertain=(
            "Nothing was tried with WhatsApp itself.",
            "Which states of a session pass by themselves is not documented.",
        ),
    ),
    inspect=inspect,
    pairing=pair,
)
