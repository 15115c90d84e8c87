# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Meta's Cloud API: it knows its templates, and refuses what does not fill them.

The number +49170 and a code of six digits is answered with that code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from smsotpd.core.outcome import ErrorClass
from tests.fakes.providers.strict import (
    Asked,
    Case,
    Endpoint,
    Reply,
    Simulator,
    StrictProvider,
    json_reply,
)

TOKEN: Final = "EAAJB1s3cretofthegateway"
NUMBER_ID: Final = "106540352242922"
ACCOUNT_ID: Final = "102290129340398"
MESSAGE: Final = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA"
_LONGEST_CODE: Final = 15
_STATUSES: Final = {
    0: 401, 3: 500, 10: 403, 190: 401, 200: 403, 368: 403, 131031: 403, 131042: 400, 803: 404,
    131026: 400, 131030: 400, 4: 429, 80007: 429, 130429: 429, 131056: 400, 2: 500, 131016: 503,
    132015: 400, 133010: 400,
}  # fmt: skip


@dataclass(frozen=True)
class Template:
    """A template as Meta has it: how many variables its text has, and whether a button."""

    name: str = "login_code"
    language: str = "en_US"
    category: str = "AUTHENTICATION"
    status: str = "APPROVED"

    @property
    def shape(self) -> list[tuple[str, int]]:
        body = [("body", 1)]
        return [*body, ("button", 1)] if self.category == "AUTHENTICATION" else body


OWN_TEXT: Final = Template("own_text", "de", "UTILITY")
TEMPLATES: Final = (Template(), OWN_TEXT)


def whatsapp_business(
    templates: tuple[Template, ...] = TEMPLATES, quality: str = "GREEN", page: int = 1
) -> StrictProvider:
    """Make the API for one number; `page` is how many templates a page of their list has."""

    def send(asked: Asked) -> Reply:
        refusal = _refusal(asked) or _misfit(asked.body["template"], templates)
        if refusal:
            return refusal
        number = asked.body["to"]
        contact = {"input": number, "wa_id": number}
        taken = {"contacts": [contact], "messages": [{"id": MESSAGE}]}
        return json_reply({"messaging_product": "whatsapp", **taken})

    def number(asked: Asked) -> Reply:
        return _refusal(asked) or json_reply(
            {
                "id": NUMBER_ID,
                "verified_name": "Example GmbH",
                "code_verification_status": "VERIFIED",
                "quality_rating": quality,
            }
        )

    def listed(asked: Asked) -> Reply:
        named = [each for each in templates if asked.query["name"] in each.name]
        start = int(asked.query.get("after", "0"))
        found: dict[str, Any] = {
            "data": [entry_of(each) for each in named[start : start + page]],
            "paging": {"cursors": {"before": str(start), "after": str(start + page)}},
        }
        if start + page < len(named):
            found["paging"]["next"] = "https://graph.example/next"
        return _refusal(asked) or json_reply(found)

    component = {
        "type": "body|button",
        "sub_type?": "url",
        "index?": "0",
        "parameters": [{"type": "text", "text": r"\S+( \S+)*"}],
    }
    return StrictProvider(
        Endpoint("POST", r"/v\d+\.\d+/\d+/messages", send, json=_message([component])),
        Endpoint("GET", r"/v\d+\.\d+/\d+", number, query={"fields": "[a-z_,]+"}),
        Endpoint(
            "GET",
            r"/v\d+\.\d+/\d+/message_templates",
            listed,
            query={"name": "[a-z_]+", "fields": "[a-z_,]+", "limit": "100", "after?": r"\d+"},
        ),
    )


def entry_of(template: Template) -> Mapping[str, str]:
    """Return a template as the list has it."""
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
        "id": "920070352646140",
    }


def number_of(code: int) -> str:
    """Return the number that is answered with this code."""
    return f"+49170{code:06}"


def _message(components: list[Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": r"[1-9]\d{6,14}",
        "type": "template",
        "template": {
            "name": "[a-z0-9_]+",
            "language": {"policy": "deterministic", "code": "[a-zA-Z_]+"},
            "components": components,
        },
    }


def _misfit(given: dict[str, Any], templates: tuple[Template, ...]) -> Reply | None:
    place = (given["name"], given["language"]["code"])
    known = {(each.name, each.language): each.shape for each in templates}
    filled = given["components"]
    shape = [(each["type"], len(each["parameters"])) for each in filled]
    if place not in known:
        return _error(404, 132001, "Template name does not exist in the translation")
    if any(("index" in each) != (each["type"] == "button") for each in filled):
        return _error(400, 100, "Invalid parameter")
    if ("button", 1) in known[place] and ("button", 1) not in shape:
        return _error(400, 131008, "Required parameter is missing")
    if shape != known[place]:
        return _error(400, 132000, "Number of parameters does not match")
    texts = {parameter["text"] for each in filled for parameter in each["parameters"]}
    if len(shape) > 1 and (len(texts) > 1 or len(texts.pop()) > _LONGEST_CODE):
        return _error(400, 132012, "Parameter format does not match")
    return None


def _refusal(asked: Asked) -> Reply | None:
    if asked.received.headers.get("authorization") != f"Bearer {TOKEN}":
        return _error(401, 190, "Error validating access token")
    if asked.received.path.split("/")[2] not in {NUMBER_ID, ACCOUNT_ID}:
        message = f"Unsupported post request. Object with ID '{NUMBER_ID}' does not exist"
        return _error(400, 100, message, error_subcode=33)
    found = re.fullmatch(r"49170(\d{6})", asked.body.get("to", ""))
    return _error(_STATUSES[int(found[1])], int(found[1]), "x") if found else None


def _error(status: int, code: int, message: str, **more: Any) -> Reply:
    told = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, **more}
    return json_reply({"error": {**told, "fbtrace_id": "AXsgnV2Cm3ZM"}}, status)


SIMULATOR: Final = Simulator(
    "whatsapp_business",
    whatsapp_business,
    url_setting="base_url",
    settings={
        "phone_number_id": NUMBER_ID,
        "template_name": "login_code",
        "template_language": "en_US",
    },
    secrets={"access_token": TOKEN},
    message_id=MESSAGE[-16:],
    failures=(
        Case("wrong token", ErrorClass.AUTH, secrets={"access_token": "wrong"}),
        Case("wrong number", ErrorClass.SENDER, settings={"phone_number_id": "1"}),
        Case("no such template", ErrorClass.CONTENT, settings={"template_name": "none"}),
        Case("no such language", ErrorClass.CONTENT, settings={"template_language": "de"}),
        Case("the button is missing", ErrorClass.CONTENT, settings={"template_kind": "code"}),
        Case(
            "a button too many",
            ErrorClass.CONTENT,
            settings={"template_name": "own_text", "template_language": "de"},
        ),
        Case("no permission", ErrorClass.AUTH, number=number_of(200)),
        Case("account locked", ErrorClass.AUTH, number=number_of(131031)),
        Case("no payment", ErrorClass.CREDIT, number=number_of(131042)),
        Case("number not registered", ErrorClass.SENDER, number=number_of(133010)),
        Case("undeliverable", ErrorClass.RECIPIENT, number=number_of(131026)),
        Case("not in the list of a test number", ErrorClass.RECIPIENT, number=number_of(131030)),
        Case("too many calls", ErrorClass.RATE, number=number_of(4)),
        Case("too many messages", ErrorClass.RATE, number=number_of(130429)),
        Case("too many to one number", ErrorClass.RATE, number=number_of(131056)),
        Case("service unavailable", ErrorClass.TEMPORARY, number=number_of(131016)),
        Case("template paused", ErrorClass.CONTENT, number=number_of(132015)),
    ),
)
