# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""GoWhatsApp: WhatsApp through somebody's own server, linked to a phone by a pairing code."""

from dataclasses import replace
from typing import Final

from smsotpd.core.channel_names import WHATSAPP
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.providers.gowhatsapp.api import FAILURES, phone_digits
from smsotpd.gateways.providers.gowhatsapp.linking import pair
from smsotpd.gateways.providers.gowhatsapp.sending import lead
from smsotpd.gateways.providers.gowhatsapp.state import inspect
from smsotpd.gateways.spec import Evidence, Gateway, HttpDialogue, Values
from smsotpd.gateways.spec.base_url import base_url, check_base_url
from smsotpd.gateways.spec.own_server import CA_FILE, check_authorities

_LONGEST_ID: Final = 100


def _check(values: Values) -> None:
    check_base_url(values)
    check_authorities(CA_FILE.name, values.text(CA_FILE.name), values.text("base_url"))
    if values.text("phone") and not phone_digits(values.text("phone")):
        raise BadArgumentError("phone", "must be a number with + and its country code")
    if values.is_given("password") and values.text("password") and not values.text("username"):
        raise BadArgumentError("username", "is missing: the password is one of a user")
    if ":" in values.text("username"):
        raise BadArgumentError("username", "must not contain a colon (RFC 7617)")
    if ":" in values.text("password"):
        raise BadArgumentError("password", "must not contain a colon: GoWhatsApp splits at it")
    for name in ("device_id", "device_name"):
        if len(values.text(name)) > _LONGEST_ID or not values.text(name).isprintable():
            raise BadArgumentError(name, f"must be at most {_LONGEST_ID} printable characters")


GATEWAY: Final = Gateway(
    id="gowhatsapp",
    title="WhatsApp, by GoWhatsApp",
    link="https://github.com/aldinokemal/go-whatsapp-web-multidevice",
    settings=(
        replace(
            base_url(
                None,
                "Of your own GoWhatsApp, as http://localhost:3000, with APP_BASE_PATH if it has "
                "one.",
            ),
            required=True,
        ),
        SettingDescription(
            "username", "User name", "One of APP_BASIC_AUTH (--basic-auth), if the server has it."
        ),
        SettingDescription("password", "Password", "Of that user.", secret=True),
        SettingDescription(
            "phone",
            "Number of the WhatsApp account",
            "That the codes come from, as +491701234567; pairing asks for it otherwise.",
        ),
        SettingDescription(
            "device_name",
            "Name of the device",
            "Under which pairing makes a place for the account on the server; best of A-Z, a-z, "
            "0-9, - and _, since servers before December 2025 know no other.",
            default="pam-smsotp",
        ),
        SettingDescription(
            "device_id",
            "Id of the device",
            "Pairing finds it out; empty: the only one there is.",
        ),
        CA_FILE,
    ),
    transport=HttpDialogue(lead),
    check=_check,
    channel=WHATSAPP,
    failures=FAILURES,
    evidence=Evidence(
        verified="GoWhatsApp's description of its interface and its source, version 9.2; "
        "a simulator made after them",
        uncertain=(
            "Nothing was tried with WhatsApp itself.",
            "A look-up that fails inside GoWhatsApp also says that the number is not on WhatsApp.",
            "How a verified name looks is not documented; it is shown cut to 60 characters.",
            "When WhatsApp asks for a passkey while linking is not documented.",
        ),
    ),
    inspect=inspect,
    pairing=pair,
)
