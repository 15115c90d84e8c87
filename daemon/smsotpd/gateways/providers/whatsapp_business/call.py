# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of Meta's Graph API."""

from smsotpd.gateways.spec import Json, Request, Values
from smsotpd.gateways.spec.base_url import endpoint
from smsotpd.gateways.spec.request import JsonValue, Pairs


def call(values: Values, path: str, query: Pairs = (), body: JsonValue = None) -> Request:
    """Return a call of the configured version: POST with a body, GET without."""
    return Request(
        "GET" if body is None else "POST",
        endpoint(values, f"/{values.text('api_version')}{path}"),
        query,
        body=None if body is None else Json(body),
        headers={"Authorization": f"Bearer {values.text('access_token')}"},
        hands_over=body is not None,
    )
