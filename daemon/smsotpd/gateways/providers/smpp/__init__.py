# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An operator's short message centre, by SMPP 3.4: a transmitter that binds for each message."""

import secrets
from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.smpp.parts import cut
from smsotpd.gateways.providers.smpp.pdu import destination
from smsotpd.gateways.providers.smpp.settings import SETTINGS, check
from smsotpd.gateways.providers.smpp.status import FAILURES
from smsotpd.gateways.spec import Direct, Evidence, Gateway, Library, Values
from smsotpd.gateways.spec.balance import refusal_report


def _deliver(values: Values, message: Message, seconds: float) -> Outcome:
    number = destination(values, message.recipient.address)
    if isinstance(number, Rejected):
        return number
    try:
        parts = cut(message.text, secrets.randbelow(256))
    except ValueError as error:
        return Rejected(ErrorClass.CONTENT, str(error))
    from smsotpd.gateways.providers.smpp.sending import Submission  # noqa: PLC0415  # smpplib

    return Submission(values, seconds).run(message, number, parts)


def _inspect(values: Values, seconds: float) -> Report:
    from smsotpd.gateways.providers.smpp.sending import Submission  # noqa: PLC0415  # smpplib

    outcome = Submission(values, seconds).run(None, "", ())
    if isinstance(outcome, Accepted):
        return Report(Condition.READY, "the SMSC takes our login")
    return refusal_report(outcome)


GATEWAY: Final = Gateway(
    id="smpp",
    title="SMPP, to an operator's SMSC",
    link="https://smpp.org/",
    settings=SETTINGS,
    transport=Direct(_deliver, _inspect),
    check=check,
    failures=FAILURES,
    library=Library("smpplib", "pip install --break-system-packages smpplib"),
    evidence=Evidence(
        verified="the specification SMPP 3.4; smpplib 2.2.4 with a strict server of our own",
        uncertain=(
            "data_coding 0 is taken for the GSM alphabet, one septet an octet; some have another.",
            "Codes from 0x400 on are each vendor's own, and count as refusals without a reason.",
        ),
    ),
)
