# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the `whatsapp_business` gateway."""

from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.gateways.spec.base_url import base_url

AUTHENTICATION: Final = "authentication"
CODE: Final = "code"
TEXT: Final = "text"

SETTINGS: Final = (
    SettingDescription(
        "phone_number_id",
        "Id of the phone number",
        "In the app's dashboard under WhatsApp, API setup; it is not the number itself.",
        required=True,
    ),
    SettingDescription(
        "access_token",
        "Access token",
        "Of a system user with whatsapp_business_messaging; the one shown on the API setup page "
        "lasts a day only.",
        required=True,
        secret=True,
    ),
    SettingDescription("template_name", "Name of the template", "Approved by Meta.", required=True),
    SettingDescription(
        "template_language", "Language of the template", "As en_US or de.", required=True
    ),
    SettingDescription(
        "template_kind",
        "Kind of the template",
        "authentication: Meta's own text with a button, both take the code; code: your own text "
        "with the code as its only variable; text: the whole message as its only variable.",
        kind="choice",
        default=AUTHENTICATION,
        choices=(AUTHENTICATION, CODE, TEXT),
    ),
    SettingDescription(
        "business_account_id",
        "Id of the WhatsApp Business account",
        "If given, the gateway's status also tells whether the template is approved; the token "
        "then needs whatsapp_business_management.",
    ),
    SettingDescription(
        "phone_number_display", "Phone number", "For your own information; it is not sent."
    ),
    SettingDescription("api_version", "Version of the Graph API", default="v22.0"),
    base_url("https://graph.facebook.com"),
)
