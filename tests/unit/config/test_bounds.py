# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each key takes the values it documents, to the bound and no further."""

from collections.abc import Callable

import pytest

from smsotpd.config.settings import Configuration
from tests.unit.config.conftest import Refusal, Write

Read = Callable[[], Configuration]

# Table, key, values it takes, values it refuses.
BOUNDS = [
    ("daemon", "host", ['"h"'], ['""', '" "', "1", '"a\\nb"', '"{user}"', f'"{"h" * 481}"']),
    ("daemon", "transaction_seconds", ["30", "3600"], ["29.9", "3601", '"60"', "true"]),
    ("daemon", "most_transactions", ["16", "1000000"], ["15", "1000001", "16.0", "true"]),
    ("pin", "memory_kib", ["8", "4194304"], ["7", "4194305", "47_104.0"]),
    ("pin", "time_cost", ["1", "64"], ["0", "65"]),
    ("pin", "lanes", ["1", "16"], ["0", "17"]),
    ("pin", "threads", ["1", "64"], ["0", "65"]),
    ("gateways", "order", ["[]", '["sms", "sms-2"]'], ['"sms"', "[1]", '["SMS"]', '[""]']),
    ("gateways", "deadline_seconds", ["1", "60.0"], ["0.9", "60.1", "inf", "nan", "-1"]),
    ("gateways", "allow_outbox", ["true", "false"], ["1", '"yes"', "[]"]),
    ("limits", "failures_to_lock", ["1", "100"], ["0", "101"]),
    ("limits", "lock_seconds", ["1", "86400"], ["0", "86401"]),
    ("limits", "failures_to_disable", ["1", "100"], ["0", "101"]),
    ("limits", "failures_without_delay", ["0", "100"], ["-1", "101"]),
    ("limits", "delay_step_seconds", ["0", "60"], ["-0.1", "61"]),
    ("limits", "longest_delay_seconds", ["0", "20"], ["-1", "20.1"]),
    ("limits", "resend_seconds", ["0", "3600"], ["-1", "3601"]),
    ("limits", "longest_resend_seconds", ["0", "86400"], ["-1", "86401"]),
    ("limits", "sends_per_day", ["1", "10000000"], ["0", "10000001", "1e3", f"0x{'f' * 9000}"]),
    ("policy.default", "factors", ['["code"]', '["code", "pin"]'], ["[]", '["pin"]', '"code"']),
    ("policy.default", "mode", ['"auto"'], ['"change-pin"', '"Auto"', "1"]),
    ("policy.default", "code_digits", ["6", "10"], ["5", "11"]),
    ("policy.default", "code_seconds", ["30", "600"], ["29", "601", f"0x{'f' * 9000}"]),
    ("policy.default", "wrong_answers", ["1", "3"], ["0", "4"]),
    ("policy.default", "resends", ["0", "10"], ["-1", "11"]),
    ("policy.default", "unenrolled", ['"deny"', '"enrol"'], ['"allow"', "false", "[]"]),
    ("policy.default", "unenrolled", ['"allow-until 2027-01-31"'], ['"allow-until 2027-02-29"']),
    ("policy.default", "unenrolled", [], ['"allow-until"', '"allow-until 20270131"']),
    ("policy.default", "trusted_networks", ['["192.0.2.0/24", "2001:db8::1"]'], ['"192.0.2.1"']),
    ("policy.default", "trusted_networks", ["[]"], ['["192.0.2.1/24"]', '["localhost"]', "[1]"]),
    (
        "policy.default",
        "trusted_networks",
        [],
        ['["0.0.0.0/0"]', '["::/0"]', '["fe80::1%eth0/64"]'],
    ),
    ("policy.default", "trusted_networks", [], ['["::ffff:192.0.2.1"]', '["*.example.org"]']),
    ("policy.default", "exempt_groups", ["[]", '["staff"]'], ['"staff"', '[""]']),
    ("policy.default", "required_groups", ["[]", '["staff"]'], ['"staff"', "[1]"]),
    ("policy.default", "remember_hours", ["0", "720"], ["-1", "721", "1.5", "true"]),
    ("policy.default", "transaction_id", ["true"], ['"true"']),
    ("policy.default", "pin_prompt", ['"PIN "'], ['""', '"{phone}"', '"\\u001b[2J"']),
    ("policy.default", "code_prompt", ['"{phone}? "'], ['"{otp}"', '"\\u202e"']),
    ("policy.default", "resend_word", ['"neu"'], ['"123456"', '"re-send"', '"a b"', '""', "1"]),
    ("policy.default", "message", ['"{otp} {user} {host}"'], ['"Hello"', '"{otp} {pin}"', "1"]),
]


def cases(index: int) -> list[tuple[str, str, str]]:
    """Return table, key and value of each case that is taken (0) or refused (1)."""
    return [(table, key, value) for table, key, *values in BOUNDS for value in values[index]]


@pytest.mark.parametrize(("table", "key", "value"), cases(0))
def test_a_value_within_the_bounds_is_taken(
    write: Write, read: Read, table: str, key: str, value: str
) -> None:
    write("smsotpd.toml", f"[{table}]\n{key} = {value}\n")
    assert read().files == 1


@pytest.mark.parametrize(("table", "key", "value"), cases(1))
def test_a_value_beyond_the_bounds_is_refused_and_not_repeated(
    write: Write, refusal: Refusal, table: str, key: str, value: str
) -> None:
    write("smsotpd.toml", f"[{table}]\n{key} = {value}\n")
    error = refusal()
    assert (error.key, error.line) == (f"{table}.{key}", 2)
    assert "must" in str(error) or "holds" in str(error) or "longer" in str(error)
    assert len(str(error)) < 300


def test_a_hash_needs_memory_for_each_of_its_lanes(write: Write, refusal: Refusal) -> None:
    write("smsotpd.toml", "[pin]\nmemory_kib = 31\nlanes = 4\n")
    assert str(refusal()).endswith(":2: pin.memory_kib: must be at least 8 for each of the lanes")
