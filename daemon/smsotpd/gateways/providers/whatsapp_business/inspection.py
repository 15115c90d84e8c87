# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How the number of a WhatsApp Business account is, and whether its template may be sent."""

from collections.abc import Generator
from typing import Final

from smsotpd.core.report import Condition, Report
from smsotpd.core.text import printable
from smsotpd.gateways.providers.whatsapp_business.call import call
from smsotpd.gateways.providers.whatsapp_business.failures import failure_of
from smsotpd.gateways.providers.whatsapp_business.settings import AUTHENTICATION
from smsotpd.gateways.spec import Request, Response, Values
from smsotpd.gateways.spec.balance import refusal_report
from smsotpd.gateways.spec.reading import code_text, entry, parse_json_object
from smsotpd.gateways.spec.request import JsonValue, Pairs

_NUMBER_FIELDS: Final = "id,verified_name,code_verification_status,quality_rating"
_TEMPLATE_FIELDS: Final = "name,language,status,category"
_MOST_PAGES: Final = 10
_LONGEST_SHOWN: Final = 60
_GOOD: Final = "the number may send"

_Facts = tuple[tuple[str, str], ...]


def inspect(values: Values) -> Generator[Request, Response, Report]:
    """Ask for the number, and if the account is known, for the template."""
    path = f"/{values.text('phone_number_id')}"
    response = yield call(values, path, (("fields", _NUMBER_FIELDS),))
    failure = failure_of(response)
    if failure is not None:
        return refusal_report(failure)
    number = parse_json_object(response.text)
    facts = _facts(
        ("Verified name", entry(number, "verified_name")),
        ("Verification", entry(number, "code_verification_status")),
        ("Quality", entry(number, "quality_rating")),
    )
    if values.text("business_account_id"):
        report = yield from _template(values, facts)
        if report.condition is not Condition.READY:
            return report
        facts = report.facts
    if entry(number, "quality_rating") == "RED":
        return Report(Condition.DEGRADED, "recipients complain: the quality is low", facts)
    return Report(Condition.READY, _GOOD, facts)


def _template(values: Values, facts: _Facts) -> Generator[Request, Response, Report]:
    """Look for the template on all pages of the list."""
    name, language = values.text("template_name"), values.text("template_language")
    path = f"/{values.text('business_account_id')}/message_templates"
    query: Pairs = (("name", name), ("fields", _TEMPLATE_FIELDS), ("limit", "100"))
    after = ""
    for _ in range(_MOST_PAGES):
        page = yield call(values, path, query + ((("after", after),) if after else ()))
        failure = failure_of(page)
        if failure is not None:
            return Report(Condition.DEGRADED, f"the template: {failure.detail}", facts)
        reply = parse_json_object(page.text)
        listed = entry(reply, "data")
        for each in listed if isinstance(listed, list) else ():
            if (entry(each, "name"), entry(each, "language")) == (name, language):
                return _judged(values, each, facts)
        after = code_text(entry(reply, "paging", "cursors", "after"))
        if not after or entry(reply, "paging", "next") is None:
            break
    return Report(Condition.DOWN, "there is no such template in that language", facts)


def _judged(values: Values, template: JsonValue, facts: _Facts) -> Report:
    status, category = entry(template, "status"), entry(template, "category")
    facts += _facts(("Template", status), ("Category", category))
    if status != "APPROVED":
        return Report(Condition.DOWN, "the template is not approved", facts)
    if (category == "AUTHENTICATION") != (values.text("template_kind") == AUTHENTICATION):
        return Report(Condition.DOWN, "the template is of another kind than template_kind", facts)
    return Report(Condition.READY, _GOOD, facts)


def _facts(*facts: tuple[str, JsonValue]) -> _Facts:
    """Return those facts that are texts, as they may be shown."""
    return tuple(
        (label, printable(text)[:_LONGEST_SHOWN])
        for label, text in facts
        if isinstance(text, str) and text
    )
