# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What counts as one origin for limits, and what is an address at all."""

import pytest

from smsotpd.core.origin import address_of, origin_of


@pytest.mark.parametrize(
    ("rhost", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:ffff::7", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("Gate.Example.Org.", "gate.example.org"),
    ],
)
def test_an_origin_is_what_one_owner_is_sure_to_have(rhost: str, origin: str) -> None:
    assert origin_of(rhost) == origin


def test_only_an_address_is_one() -> None:
    assert str(address_of("::ffff:192.0.2.7")) == "192.0.2.7"
    for rhost in ("", "gate.example.org", "192.0.2.7/32", "192.0.2", "%eth0"):
        assert address_of(rhost) is None
