# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What several providers are declared with: the API's address, balances, documented statuses."""

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.outcome import ErrorClass, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.spec import Failure, Values
from smsotpd.gateways.spec.balance import balance_report, refusal_report
from smsotpd.gateways.spec.base_url import base_url, check_base_url, endpoint
from smsotpd.gateways.spec.request import JsonValue
from smsotpd.gateways.spec.status import status_failures


def _values(url: str = "") -> Values:
    return Values((base_url("https://api.example/v1"),), {"base_url": url})


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("", "https://api.example/v1/send"),
        ("https://other.example", "https://other.example/send"),
        ("https://other.example/", "https://other.example/send"),
        ("http://other.example:8080/api/", "http://other.example:8080/api/send"),
    ],
)
def test_a_path_is_appended_to_the_address_of_the_api(url: str, target: str) -> None:
    check_base_url(_values(url))
    assert endpoint(_values(url), "/send") == target


@pytest.mark.parametrize(
    "url", ["https://a.example/?key=1", "https://a.example?", "https://u:p@a.example"]
)
def test_an_address_to_which_no_path_can_be_appended_is_refused(url: str) -> None:
    with pytest.raises(BadArgumentError, match="base_url must hold host and path only"):
        check_base_url(_values(url))


@pytest.mark.parametrize(
    ("amount", "unit", "shown"),
    [
        (12.3, "EUR", "12.30 EUR"),
        ("2.005718", "USD", "2.01 USD"),
        (7, "points", "7.00 points"),
        ("7", None, "7.00"),
        ("7", "<b>EUR</b>", "7.00"),
    ],
)
def test_an_account_in_credit_is_ready(amount: JsonValue, unit: JsonValue, shown: str) -> None:
    report = balance_report(amount, unit)
    assert report == Report(Condition.READY, "the account is in credit", (("Balance", shown),))


@pytest.mark.parametrize("amount", [0, "0.00", -3.5])
def test_an_empty_account_is_degraded(amount: JsonValue) -> None:
    assert balance_report(amount, "EUR").condition is Condition.DEGRADED


@pytest.mark.parametrize(
    "amount", [None, True, "", "NaN", "1e9", "12,30", float("inf"), [1], {"a": 1}, "9" * 13]
)
def test_what_is_no_amount_is_not_shown(amount: JsonValue) -> None:
    report = balance_report(amount, "EUR")
    assert report.condition is Condition.UNKNOWN
    assert report.facts == ()


def test_a_refused_inspection_tells_why() -> None:
    assert refusal_report(Rejected(ErrorClass.AUTH, "why")) == Report(Condition.DOWN, "why")


def test_documented_statuses_have_the_classes_that_they_have_for_every_provider() -> None:
    assert status_failures(400, 401, 402, 429, 503) == (
        Failure("HTTP 400", ErrorClass.REJECTED),
        Failure("HTTP 401", ErrorClass.AUTH),
        Failure("HTTP 402", ErrorClass.CREDIT),
        Failure("HTTP 429", ErrorClass.RATE),
        Failure("HTTP 503", ErrorClass.TEMPORARY),
    )
