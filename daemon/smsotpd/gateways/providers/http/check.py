# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the table of the `http` gateway cannot say: settings that only make sense together."""

import difflib
import re
from collections.abc import Callable
from typing import Final

from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.message import Message
from smsotpd.core.recipient import Recipient
from smsotpd.gateways.providers.http.field import fields
from smsotpd.gateways.providers.http.settings import HEADER, OPTION, SETTINGS
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.connection import basic_auth, check_auth, check_proxy
from smsotpd.gateways.spec.number import parse_rewriting
from smsotpd.gateways.spec.own_server import check_authorities
from smsotpd.gateways.spec.template import PHONE, TEXT, check_template, fill_json

_SAMPLE: Final = Message(Recipient(SMS, "+491701234567"), "0")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: token
_HEADER_TEXT: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5, in Latin-1
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})

# Names of privacyIDEA's older configurations, which would become fields of the request unnoticed.
_FORMER: Final = {
    "HTTP_Method": "is now called HTTP_METHOD",
    "SMS_PHONENUMBER_KEY": "is now an option: option.NAME = {phone}",
    "SMS_TEXT_KEY": "is now an option: option.NAME = {otp}",
    "ALLOW_PUSH": "has no meaning here: leave it out",
}
_CLOSE: Final = 0.85


def check(values: Values, request: Callable[[Values, Message], object]) -> None:
    """Refuse a configuration that would fail, or silently do something else, at a login.

    Raises:
        BadArgumentError: names the setting and says what to do; repeats no value.
    """
    _check_flat_names(values)
    url = values.text("URL")
    if f"{{{PHONE}}}" in url or f"{{{TEXT}}}" in url:
        raise BadArgumentError("URL", "must hold no tag: number and message are sent as options")
    if values.text("HTTP_METHOD") == "GET" and values.text("SEND_DATA_AS_JSON") == "yes":
        raise BadArgumentError("SEND_DATA_AS_JSON", "needs HTTP_METHOD to be POST")
    parse_rewriting(values.text("REGEXP"))
    check_auth(values)
    check_proxy(values)
    _check_headers(values)
    _check_authorities(values)
    for name, text in values.fields(OPTION).items():
        check_template(name, text)
    if not any(
        each.has_tags and each.value != fill_json(each.value, {PHONE: f"{{{PHONE}}}", TEXT: ""})
        for each in fields(values)
    ):
        raise BadArgumentError(
            OPTION, "is missing with the tag {otp}: no field of the request carries the message"
        )
    request(values, _SAMPLE)


def _check_flat_names(values: Values) -> None:
    fixed = [setting.name for setting in SETTINGS if setting.name.isupper()]
    for name in values.names:
        if name in {OPTION, HEADER}:
            raise BadArgumentError(name, f"needs the name of a field after it: {name}.NAME")
        if name in _FORMER:
            raise BadArgumentError(name, _FORMER[name])
        if name.isupper() and name not in fixed:
            close = difflib.get_close_matches(name, fixed, n=1, cutoff=_CLOSE)
            if close:
                raise BadArgumentError(
                    name,
                    f"is no setting; {close[0]} is one (a field of that name is written "
                    f"{OPTION}.{name})",
                )


def _check_headers(values: Values) -> None:
    headers = values.fields(HEADER)
    seen: set[str] = set()
    for name, text in headers.items():
        where = f"{HEADER}.{name}"
        if not _HEADER_NAME.fullmatch(name):
            raise BadArgumentError(where, "is no header name: letters, digits and - only")
        if not _HEADER_TEXT.fullmatch(text):
            raise BadArgumentError(
                where, "must hold no line break, control character or sign outside Latin-1"
            )
        if text != text.strip():
            raise BadArgumentError(where, "must neither begin nor end with a blank")
        if name.casefold() in _FRAMING:
            raise BadArgumentError(where, "is set by the daemon itself: leave it out")
        if name.casefold() in seen:
            raise BadArgumentError(where, "is given twice, in another spelling")
        seen.add(name.casefold())
    if "authorization" in seen and basic_auth(values):
        raise BadArgumentError(
            "USERNAME", "and user:password@ in the URL exclude a header Authorization: keep one"
        )


def _check_authorities(values: Values) -> None:
    path = values.text("CA_FILE")
    if not path:
        return
    if not values.is_on("CHECK_SSL"):
        raise BadArgumentError("CA_FILE", "needs CHECK_SSL to be yes")
    check_authorities("CA_FILE", path, values.text("URL"))
