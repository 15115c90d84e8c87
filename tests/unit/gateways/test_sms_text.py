# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The length of a text as SMS, after 3GPP TS 23.038 and 23.040."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.gateways.spec.sms_text import is_gsm7, segments, septets, ucs2_units

_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"


def test_the_basic_alphabet_has_127_letters_of_one_septet() -> None:
    assert len(set(_GSM7)) == 127
    assert is_gsm7(_GSM7)
    assert septets(_GSM7) == 127


def test_the_extension_has_ten_letters_of_two_septets() -> None:
    assert is_gsm7(_EXTENDED)
    assert septets(_EXTENDED) == 20


@pytest.mark.parametrize(
    "text", ["ç", "Code 1 – jetzt", "`", "\t", "„x“", "Код", "漢", "🔑", "\x1b"]
)
def test_anything_else_needs_ucs2(text: str) -> None:
    assert not is_gsm7(text)
    with pytest.raises(ValueError, match="alphabet") as caught:
        septets(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 in each: the escape is not parted from its letter
        ("€" * 153, 3),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("🔑" * 35, 1),
        ("🔑" * 36, 2),
        ("🔑" * 66, 2),  # 33 in each: no surrogate pair is parted
        ("🔑" * 67, 3),
    ],
)
def test_a_text_becomes_so_many_segments(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400))
def test_the_units_of_ucs2_are_those_of_utf16(text: str) -> None:
    assert ucs2_units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert segments(text) >= 1
