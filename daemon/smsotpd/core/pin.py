# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which PINs are good enough."""

import itertools
import re

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.phrase import phrase
from smsotpd.core.secret import Secret
from smsotpd.core.text import has_control_characters

SHORTEST_PIN = 4
LONGEST_PIN = 64

# The most frequent of leaked PINs and passwords that none of the rules below refuses already.
_COMMON = frozenset(
    {"2580", "0852", "1004", "6969", "1357", "2468", "1470", "147258", "159753", "147852"}
    | {"258000", "123321", "654321", "696969", "246810", "142536", "456789", "159357"}
    | {"password", "passwort", "secret", "letmein", "qwerty", "qwertz", "qwer", "asdf", "asdfgh"}
    | {"admin", "root", "test", "login", "pin1234", "abc123", "iloveyou", "welcome", "dragon"}
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


def check_pin(pin: Secret, user: str) -> Secret:
    """Return the PIN if nobody would try it first.

    Raises:
        BadArgumentError: it is too short, too long or too common; the text does not repeat it.
    """
    text = pin.reveal()
    if not SHORTEST_PIN <= len(text) <= LONGEST_PIN:
        least, most = str(SHORTEST_PIN), str(LONGEST_PIN)
        told = phrase("A PIN has {least} to {most} characters.", least=least, most=most)
        raise BadArgumentError("PIN", f"must have {least} to {most} characters", told)
    if has_control_characters(text) or text != text.strip():
        complaint = "must not hold control characters nor begin or end in blanks"
        told = phrase("A PIN has no control characters, nor blanks at its ends.")
        raise BadArgumentError("PIN", complaint, told)
    if _is_common(text.lower(), user.lower()):
        complaint = "is among the first that anybody would try; choose another"
        told = phrase("That PIN is among the first that anybody would try.")
        raise BadArgumentError("PIN", complaint, told)
    return pin


def _is_common(text: str, user: str) -> bool:
    codes = [ord(char) for char in text]
    steps = {later - earlier for earlier, later in itertools.pairwise(codes)}
    is_run = len(steps) == 1 and steps <= {-1, 0, 1}  # 1111, 1234, 9876, abcd
    half, odd = divmod(len(text), 2)
    is_pair = not odd and len(set(text[:half])) == 1 and len(set(text[half:])) == 1  # 1122, 000111
    is_repeated = not odd and text[:half] == text[half:]  # 1212, 4747
    is_year = _YEAR.fullmatch(text) is not None
    is_listed = text in _COMMON or text in {user, user[::-1]}
    return is_run or is_pair or is_repeated or is_year or is_listed
