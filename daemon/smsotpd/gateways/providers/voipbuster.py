# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""VoipBuster and its sister brands, which share one script.

Its reply looks like XML, but its declaration is malformed: no parser is used on it.
"""

import re
from typing import Final

from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Evidence, Gateway, Http, Request, Response, Values
from smsotpd.gateways.spec.failure_table import FailureWords
from smsotpd.gateways.spec.status import outcome_from_status

_LONGEST_TEXT: Final = 160
_VERDICT: Final = re.compile(r"<resultstring>\s{0,9}([A-Za-z]{1,20})\s{0,9}</resultstring>")
_RESULT: Final = re.compile(r"<result>\s{0,9}([0-9]{1,5})\s{0,9}</result>")
_REASON: Final = re.compile(r"<(?:description|endcause)>([^<]{1,500})")
_WORDS: Final = FailureWords(
    "HTTP 200, failure with “{}”",
    {
        "password": ErrorClass.AUTH,
        "login": ErrorClass.AUTH,
        "credit": ErrorClass.CREDIT,
        "balance": ErrorClass.CREDIT,
    },
)


def _request(values: Values, message: Message) -> Request | Rejected:
    if len(message.text) > _LONGEST_TEXT:
        return Rejected(ErrorClass.CONTENT, f"the text is over {_LONGEST_TEXT} characters")
    fields = {
        "username": values.text("api_user"),
        "password": values.text("api_password"),
        "from": values.text("did"),
        "to": message.recipient.address,
        "text": message.text,
    }
    return Request("GET", values.text("url"), query=tuple(fields.items()))


def _outcome(_values: Values, response: Response) -> Outcome:
    failure = outcome_from_status(response, frozenset({200}))
    if failure is not None:
        return failure
    verdict, result = _VERDICT.search(response.text), _RESULT.search(response.text)
    match (verdict[1].lower() if verdict else "", result[1] if result else ""):
        case ("success", "1"):
            return Accepted()
        case ("failure", _):
            return _WORDS.outcome(" ".join(_REASON.findall(response.text)))
        case _:
            return Unknown("the reply cannot be read")


GATEWAY: Final = Gateway(
    id="voipbuster",
    title="VoipBuster and sister brands",
    link="https://www.voipbuster.com/",
    settings=(
        SettingDescription("api_user", "User name", required=True),
        SettingDescription("api_password", "Password", required=True, secret=True),
        SettingDescription(
            "did", "Sender", "The user name, or a number verified at the provider.", required=True
        ),
        SettingDescription(
            "url",
            "Address of the script",
            "For a sister brand, its host: justvoip, freevoipdeal, 12voip, smslisto, voipcheap …",
            kind="url",
            default="https://www.voipbuster.com/myaccount/sendsms.php",
        ),
    ),
    transport=Http(request=_request, outcome=_outcome),
    failures=_WORDS.failures,
    evidence=Evidence(
        verified="what six independent clients send and expect; a simulator made after them",
        uncertain=(
            "The provider publishes no description of the script.",
            "The words that tell wrong credentials and lack of credit are inferred.",
            "A failure is taken to come with HTTP 200.",
        ),
    ),
)
