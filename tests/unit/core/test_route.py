# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Routes choose by channel, prefix and group; health only reorders."""

from smsotpd.core.health import Health
from smsotpd.core.moment import Moment
from smsotpd.core.recipient import Recipient
from smsotpd.core.route import Route, by_health, choose

GERMAN = Recipient("sms", "+4915112345689")
AMERICAN = Recipient("sms", "+15551234567")
NOBODY: frozenset[str] = frozenset()
ALL = ["a", "b", "c"]
NOON = Moment(1_000_000.0, 500.0, "boot")


def test_without_a_route_all_are_tried_by_name() -> None:
    assert choose([], GERMAN, NOBODY, ["c", "a"]) == ["a", "c"]


def test_the_first_route_that_takes_the_recipient_decides() -> None:
    routes = [Route(("a",), prefixes=("1",)), Route(("c", "b")), Route(("a",))]
    assert choose(routes, AMERICAN, NOBODY, ALL) == ["a"]
    assert choose(routes, GERMAN, NOBODY, ALL) == ["c", "b"]


def test_a_route_for_another_channel_does_not_take_it() -> None:
    routes = [Route(("a",), channel="signal"), Route(("b",), channel="sms")]
    assert choose(routes, GERMAN, NOBODY, ALL) == ["b"]


def test_a_route_for_a_group_takes_its_members_only() -> None:
    routes = [Route(("a",), groups=frozenset({"staff"})), Route(("b",))]
    assert choose(routes, GERMAN, frozenset({"staff", "wheel"}), ALL) == ["a"]
    assert choose(routes, GERMAN, frozenset({"guests"}), ALL) == ["b"]


def test_a_gateway_that_is_not_enabled_is_left_out() -> None:
    assert choose([Route(("gone", "b"))], GERMAN, NOBODY, ALL) == ["b"]


def test_a_failed_gateway_comes_last_and_is_not_left_out() -> None:
    health = {"a": Health(3, NOON, 30.0)}
    assert by_health(ALL, health, NOON) == ["b", "c", "a"]
    assert by_health(["a"], health, NOON) == ["a"]
