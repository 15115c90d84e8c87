# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""WhatsApp Business, Meta's own Cloud API: codes go out as a template that Meta has approved."""

import re
from typing import Final

from smsotpd.core.channel_names import WHATSAPP
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.providers.whatsapp_business.call import call
from smsotpd.gateways.providers.whatsapp_business.failures import FAILURES, HELD, failure_of
from smsotpd.gateways.providers.whatsapp_business.inspection import inspect
from smsotpd.gateways.providers.whatsapp_business.settings import AUTHENTICATION, SETTINGS, TEXT
from smsotpd.gateways.spec import Evidence, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.base_url import check_base_url
from smsotpd.gateways.spec.reading import code_text, entry, message_id, parse_json_object
from smsotpd.gateways.spec.request import JsonValue

_LONGEST_CODE: Final = 15  # of an authentication template's parameter
_OWN_PART: Final = 16  # of a message's name; what stands before spells the number in base64
_ID: Final = re.compile(r"[0-9]{1,30}", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]+")
_VERSION: Final = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}", re.ASCII)
_TEMPLATE: Final = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?", re.ASCII)


def _request(values: Values, message: Message) -> Request | Rejected:
    kind = values.text("template_kind")
    # A parameter of a template takes no line break and no run of blanks.
    parameter = " ".join(message.text.split()) if kind == TEXT else message.code
    if not parameter:
        return Rejected(ErrorClass.CONTENT, "the template carries codes, and this text has none")
    if kind == AUTHENTICATION and len(parameter) > _LONGEST_CODE:
        return Rejected(ErrorClass.CONTENT, f"a code has at most {_LONGEST_CODE} characters")
    return call(
        values,
        f"/{values.text('phone_number_id')}/messages",
        body={
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.recipient.address.removeprefix("+"),
            "type": "template",
            "template": {
                "name": values.text("template_name"),
                "language": {"policy": "deterministic", "code": values.text("template_language")},
                "components": _components(kind, parameter),
            },
        },
    )


def _components(kind: str, parameter: str) -> list[JsonValue]:
    """Return the template's variables; an authentication template has the code twice."""
    filled: JsonValue = [{"type": "text", "text": parameter}]
    components: list[JsonValue] = [{"type": "body", "parameters": filled}]
    if kind == AUTHENTICATION:
        components.append({"type": "button", "sub_type": "url", "index": "0", "parameters": filled})
    return components


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = failure_of(response)
    if failure is not None:
        return failure
    message = entry(parse_json_object(response.text), "messages", 0)
    name = code_text(entry(message, "id"))
    if not name:
        return Unknown("the reply names no message")
    if code_text(entry(message, "message_status")) in HELD:
        return Unknown("WhatsApp holds the message back")
    return Accepted(message_id(name[-_OWN_PART:]))


def _check(values: Values) -> None:
    check_base_url(values)
    for name, pattern, form in (
        ("api_version", _VERSION, "have the form v22.0"),
        ("phone_number_id", _ID, "be the number's id: digits, which are not the number itself"),
        ("business_account_id", _ID, "be the account's id: digits"),
        ("template_name", _TEMPLATE, "be a template's name: a-z, 0-9 and _"),
        ("template_language", _LANGUAGE, "be a language of the template, as en_US or de"),
    ):
        if values.text(name) and not pattern.fullmatch(values.text(name)):
            raise BadArgumentError(name, f"must {form}")
    if not _TOKEN.fullmatch(values.text("access_token")):
        raise BadArgumentError("access_token", "must hold no blank and no sign outside ASCII")


GATEWAY: Final = Gateway(
    id="whatsapp_business",
    title="WhatsApp Business (Cloud API)",
    link="https://developers.facebook.com/docs/whatsapp/cloud-api",
    settings=SETTINGS,
    transport=Http(request=_request, outcome=_outcome),
    check=_check,
    channel=WHATSAPP,
    aliases=("whatsappbusiness",),
    failures=FAILURES,
    evidence=Evidence(
        verified="Meta's description of the Graph API 23.0, and errors that others report; "
        "a simulator made after them",
        uncertain=(
            "Acceptance is not delivery: what fails later is told by webhook only, and not seen.",
            "Codes other than 4, 100, 190, 200, 803, 80007 and 131008 are from lists of others.",
            "Meta gives no HTTP status for most codes: the code decides, not the status.",
        ),
    ),
    inspect=inspect,
)
