# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The vocabulary in which a provider is declared; nothing in here touches the network."""

from smsotpd.gateways.spec.gateway import (
    Direct,
    Evidence,
    Failure,
    Gateway,
    Http,
    HttpDialogue,
    Library,
)
from smsotpd.gateways.spec.request import BasicAuth, Form, Json, Request, Xml
from smsotpd.gateways.spec.response import Response
from smsotpd.gateways.spec.values import Values

__all__ = [
    "BasicAuth",
    "Direct",
    "Evidence",
    "Failure",
    "Form",
    "Gateway",
    "Http",
    "HttpDialogue",
    "Json",
    "Library",
    "Request",
    "Response",
    "Values",
    "Xml",
]
