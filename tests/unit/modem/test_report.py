# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Status reports are read, and whatever is none is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.modem.report import Fate, PduError, StatusReport, decode_report

TIMES = "62111221000040" * 2


def report(status: str, first: str = "06") -> str:
    return f"00{first}2A0C91947110325476{TIMES}{status}"


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("00", Fate.DELIVERED),
        ("02", Fate.DELIVERED),
        ("20", Fate.TRYING),
        ("3F", Fate.TRYING),
        ("40", Fate.FAILED),
        ("65", Fate.FAILED),
        ("FF", Fate.FAILED),
    ],
)
def test_a_report_says_what_became_of_which_message(status: str, fate: Fate) -> None:
    found = decode_report(report(status))
    assert found == StatusReport(0x2A, "+491701234567", int(status, 16))
    assert found.fate is fate
    assert "1701234567" not in repr(found)


def test_the_service_centres_address_is_skipped() -> None:
    assert decode_report("0791947106004034" + report("00")[2:]).reference == 0x2A


def test_a_national_number_of_odd_length() -> None:
    assert decode_report(f"0006010B811007214365F7{TIMES}00").number == "01701234567"


@pytest.mark.parametrize("pdu", ["", "00", "0006", "zz", report("00")[:-2], report("00", "04")])
def test_what_is_no_report_is_refused(pdu: str) -> None:
    with pytest.raises(PduError):
        decode_report(pdu)


@given(st.binary(max_size=60))
def test_any_octets_are_a_report_or_refused(octets: bytes) -> None:
    with contextlib.suppress(PduError):
        assert decode_report(octets.hex()).fate in Fate
