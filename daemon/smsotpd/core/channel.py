# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The channels a code can take, and the addresses each of them knows.

An address is parsed strictly before any gateway sees it: several providers take `,` `@` `#` for
lists or groups, and a code must never go to a group.
"""

import re
from collections.abc import Callable, Mapping

from smsotpd.core.channel_names import SIGNAL, SMS, TELEGRAM, WHATSAPP, XMPP
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.phrase import phrase
from smsotpd.core.recipient import Recipient, parse_phone

_ACCOUNT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# A private user's id is positive and below 2^52; groups and channels are negative.
_TELEGRAM_ID = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_TELEGRAM_NAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}", re.ASCII)
# RFC 7622, 3.3.1: what a localpart may not hold; and no resource.
_JID = re.compile(r"""[^\x00-\x20\x7f"&'/:<>@]+@[^\x00-\x20\x7f@/]+""")
_LONGEST_JID_PART = 1023


def parse_recipient(channel: str, text: str) -> Recipient:
    """Parse an address of a channel.

    Raises:
        BadArgumentError: there is no such channel, or the address is none of its own; the message
            does not repeat it.
    """
    parse = CHANNELS.get(channel)
    if parse is None:
        raise BadArgumentError("channel", f"must be one of {', '.join(CHANNELS)}")
    return parse(text)


def _parse_signal(text: str) -> Recipient:
    account_id = text.strip().lower()
    if _ACCOUNT_ID.fullmatch(account_id):
        return Recipient(SIGNAL, account_id)
    return _phone_on(SIGNAL, text)


def _parse_whatsapp(text: str) -> Recipient:
    return _phone_on(WHATSAPP, text)


def _parse_telegram(text: str) -> Recipient:
    stripped = text.strip()
    if _TELEGRAM_ID.fullmatch(stripped) or _TELEGRAM_NAME.fullmatch(stripped):
        return Recipient(TELEGRAM, stripped)
    if stripped.startswith("+"):
        return _phone_on(TELEGRAM, stripped)
    told = phrase("that is no Telegram user id, no @name and no number with +")
    raise BadArgumentError("address", "must be a Telegram user id, @name, or a number with +", told)


def _parse_xmpp(text: str) -> Recipient:
    stripped = text.strip()
    parts = stripped.split("@")
    if not _JID.fullmatch(stripped) or any(
        len(part.encode()) > _LONGEST_JID_PART for part in parts
    ):
        told = phrase("that is no bare XMPP address, as ada@xmpp.example")
        complaint = "must be a bare XMPP address, as in ada@xmpp.example"
        raise BadArgumentError("address", complaint, told)
    return Recipient(XMPP, stripped)


def _phone_on(channel: str, text: str) -> Recipient:
    return Recipient(channel, parse_phone(text).address)


CHANNELS: Mapping[str, Callable[[str], Recipient]] = {
    SMS: parse_phone,
    SIGNAL: _parse_signal,
    WHATSAPP: _parse_whatsapp,
    TELEGRAM: _parse_telegram,
    XMPP: _parse_xmpp,
}
