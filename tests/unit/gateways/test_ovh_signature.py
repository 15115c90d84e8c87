# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""OVHcloud's signature, against values that were computed apart from this program."""

import pytest

from smsotpd.gateways.providers.ovh import signature


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        (
            "POST",
            "/sms/sms-ab12345-1/jobs",
            '{"message":"code 123456","receivers":["+33612345678"]}',
            "$1$2f18de1beb97ddef06f1d3135c7d0ac4e6012201",
        ),
        ("GET", "/sms", "", "$1$0e0762fb49b31ef5977ece8e5f56cd0040315cce"),
    ],
)
def test_method_url_body_and_time_are_signed(
    method: str, path: str, body: str, expected: str
) -> None:
    url = f"https://eu.api.ovh.com/1.0{path}"
    assert signature("app-secret", "consumer-key", (method, url, body, "1700000000")) == expected
