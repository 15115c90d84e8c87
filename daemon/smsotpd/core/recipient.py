# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where a code goes: a channel and an address that was parsed strictly."""

from dataclasses import dataclass, field

import phonenumbers

from smsotpd.core.channel_names import SMS
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.phrase import phrase

_VISIBLE_DIGITS = 2
_LONGEST_PREFIX = 3  # ITU-T E.164, 6.2.1


@dataclass(frozen=True, slots=True)
class Recipient:
    """Name one address on one channel; make it with a `parse_` function.

    Attributes:
        channel: `sms`, `signal`, `whatsapp`, `telegram` or `xmpp`.
        address: a number in E.164 with its plus sign (ITU-T E.164, 6), or the channel's own kind.
    """

    channel: str
    address: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Show of a number the country prefix and the last two digits, of others the ends only."""
        if self.address.startswith("+"):
            return mask(country_prefix(self), self.address[-_VISIBLE_DIGITS:])
        name, at, domain = self.address.partition("@")
        if name and at:
            return f"{name[0]}•••@{domain}"
        return f"{self.address[0]}•••{self.address[-_VISIBLE_DIGITS:]}"


def mask(prefix: str, last_digits: str) -> str:
    """Render a number of which only its ends may be seen, as `+49 ••• ••89`."""
    return f"+{prefix} ••• ••{last_digits}" if prefix else f"••• ••{last_digits}"


def parse_phone(text: str) -> Recipient:
    """Parse a number in international form into a recipient of the `sms` channel.

    Accepts a leading plus sign, digits and the separators blank, hyphen, dot, slash and brackets;
    anything else is refused, since several providers read `,` `@` `#` as lists or groups.

    Raises:
        BadArgumentError: the text is no possible number; the message does not repeat it.
    """
    stripped = text.strip()
    if not stripped.startswith("+"):
        complaint = "must start with + and the country code, as in +491701234567"
        told = phrase("a number begins with + and the country code, as +491701234567")
        raise BadArgumentError("phone", complaint, told)
    if not all(char.isascii() and (char.isdigit() or char in " -./()") for char in stripped[1:]):
        told = phrase("a number has digits, blanks and the signs - . / ( ) only")
        complaint = "may hold digits, blanks and the signs - . / ( ) only"
        raise BadArgumentError("phone", complaint, told)
    try:
        number = phonenumbers.parse(stripped, None)
    except phonenumbers.NumberParseException as error:
        told = phrase("that number has no known country code")
        raise BadArgumentError("phone", "has no known country code", told) from error
    # Zeros that do not belong after the country code: providers leave them out, and what is one
    # phone would have many budgets.
    has_zeros = number.italian_leading_zero and not phonenumbers.is_valid_number(number)
    if has_zeros or not phonenumbers.is_possible_number(number):
        told = phrase("that number has too few or too many digits for its country")
        raise BadArgumentError("phone", "has too few or too many digits for its country", told)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Recipient(SMS, e164)


def country_prefix(recipient: Recipient) -> str:
    """Return the country calling code of a number, without plus sign; empty for other addresses."""
    if not recipient.address.startswith("+"):
        return ""
    # The codes are free of prefixes (ITU-T E.164, 6.2.1): no other can match first. A whole parse
    # would be a tenth of what a login costs the daemon, since each limit asks for the prefix.
    found = (recipient.address[1 : 1 + digits] for digits in range(1, _LONGEST_PREFIX + 1))
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((prefix for prefix in found if prefix.isdecimal() and int(prefix) in known), "")
