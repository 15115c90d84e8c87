# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Defining, listing, testing and removing gateways."""

from dataclasses import replace

import pytest

from smsotpd.core.errors import BadArgumentError, ExistsError, NotFoundError
from smsotpd.core.events import GatewayChanged
from smsotpd.core.gateway import GatewayDefinition, parse_gateway_name
from smsotpd.core.gateways import MASK
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Rejected, Unknown
from smsotpd.core.policy import Policy, Settings
from smsotpd.core.recipient import parse_phone
from smsotpd.core.secret import Secret
from tests.fakes.sender import FAKE_TYPE, fake_gateway
from tests.fakes.world import PHONE, World

BY = 1000
MESSAGE = Message(parse_phone(PHONE), "a text")


def configure(world: World, name: str = "second", *, keep: bool = False, **changes: str) -> None:
    secrets = {"TOKEN": Secret(changes.pop("TOKEN"))} if "TOKEN" in changes else {}
    world.gateways.configure(name, "fake", changes, secrets, BY, keep_secrets=keep)


def stored(world: World, name: str = "second") -> GatewayDefinition:
    with world.store.change() as change:
        return next(found for found in change.gateways() if found.name == name)


def route(world: World) -> list[str]:
    return [sender.name for sender in world.gateways.route(MESSAGE, frozenset())]


def test_a_configured_gateway_carries_messages_at_once(world: World) -> None:
    configure(world, COLOUR="blue")
    assert route(world) == ["first", "second"]
    assert world.journal.events == [GatewayChanged("second", "configured", BY)]


def test_a_gateway_configured_by_an_alias_is_stored_under_the_types_own_id(world: World) -> None:
    world.gateways.configure("second", "former-fake", {}, {}, BY, keep_secrets=False)
    assert stored(world).type_id == "fake"


def test_configuring_again_replaces_all_settings(world: World) -> None:
    configure(world, COLOUR="blue", TOKEN="old")
    configure(world)
    assert stored(world).settings == {}
    assert stored(world).secrets == {}
    assert world.journal.events[-1] == GatewayChanged("second", "configured again", BY)


def test_secrets_are_kept_on_demand_unless_given_anew(world: World) -> None:
    configure(world, TOKEN="old")
    configure(world, keep=True, COLOUR="green")
    assert stored(world).secrets == {"TOKEN": Secret("old")}
    configure(world, keep=True, TOKEN="new")
    assert stored(world).secrets == {"TOKEN": Secret("new")}


def test_a_secret_given_as_a_setting_is_stored_among_the_secrets(world: World) -> None:
    world.gateways.configure("second", "fake", {"TOKEN": "t"}, {}, BY, keep_secrets=False)
    assert stored(world).settings == {}
    assert stored(world).secrets == {"TOKEN": Secret("t")}


def test_configuring_a_disabled_gateway_leaves_it_disabled(world: World) -> None:
    configure(world)
    world.gateways.set_enabled("second", BY, enabled=False)
    configure(world, COLOUR="blue")
    assert not stored(world).enabled
    assert route(world) == ["first"]


@pytest.mark.parametrize(
    ("name", "type_id", "settings", "named"),
    [
        ("Bad Name", "fake", {}, "gateway name"),
        ("second", "no-such-type", {}, "type"),
        ("second", "fake", {"SIZE": "1"}, "settings"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    world: World, name: str, type_id: str, settings: dict[str, str], named: str
) -> None:
    before = world.stored()
    with pytest.raises(BadArgumentError) as caught:
        world.gateways.configure(name, type_id, settings, {}, BY, keep_secrets=False)
    assert caught.value.name == named
    assert world.stored() == before
    assert world.journal.events == []


def test_a_gateway_is_disabled_and_enabled_again(world: World) -> None:
    world.gateways.set_enabled("first", BY, enabled=False)
    assert route(world) == []
    world.gateways.set_enabled("first", BY, enabled=True)
    assert route(world) == ["first"]
    changes = [event.change for event in world.journal.of(GatewayChanged)]
    assert changes == ["disabled", "enabled"]


def test_a_gateway_that_is_wrong_by_now_is_not_enabled_but_can_be_disabled(world: World) -> None:
    with world.store.change() as change:
        change.put_gateway(GatewayDefinition("old", "gone", {}))
    with pytest.raises(BadArgumentError):
        world.gateways.set_enabled("old", BY, enabled=True)
    world.gateways.set_enabled("old", BY, enabled=False)
    assert not stored(world, "old").enabled


def test_a_gateway_that_is_wrong_carries_nothing_and_keeps_no_other_from_it(world: World) -> None:
    with world.store.change() as change:
        change.put_gateway(GatewayDefinition("bad", "gone", {}))
    assert world.gateways.refresh() == ["gateway bad: type is unknown; known: fake"]
    assert route(world) == ["first"]


def test_a_removed_gateway_is_gone(world: World) -> None:
    world.gateways.remove("first", BY)
    assert world.gateways.list() == []
    assert route(world) == []
    assert world.journal.events == [GatewayChanged("first", "removed", BY)]


async def test_what_is_done_to_an_unknown_gateway_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="no gateway of that name is defined"):
        world.gateways.remove("second", BY)
    with pytest.raises(NotFoundError):
        world.gateways.set_enabled("second", BY, enabled=True)
    with pytest.raises(NotFoundError):
        world.gateways.show("second")
    with pytest.raises(NotFoundError):
        await world.gateways.test("second", PHONE, BY)


def test_secrets_are_shown_masked(world: World) -> None:
    definition, shown = world.gateways.show("first")
    assert definition.type_id == "fake"
    assert shown == {"COLOUR": "red", "TOKEN": MASK}


def test_a_secret_that_stands_among_the_settings_of_a_file_is_masked_too(world: World) -> None:
    world.in_files = (GatewayDefinition("filed", "fake", {"TOKEN": "t"}, {}, True, "/etc/a.toml"),)  # noqa: FBT003  # positional as in the class
    assert world.gateways.show("filed")[1] == {"TOKEN": MASK}


async def test_a_gateway_of_a_file_hides_a_stored_one_and_is_changed_there_only(
    world: World,
) -> None:
    filed = GatewayDefinition("first", "fake", {"COLOUR": "file"}, source="/etc/smsotp/g.toml")
    world.in_files = (filed,)
    assert world.gateways.list() == [filed]
    with pytest.raises(ExistsError, match=r"gateway first is defined in /etc/smsotp/g\.toml"):
        configure(world, "first")
    with pytest.raises(ExistsError):
        world.gateways.remove("first", BY)
    with pytest.raises(ExistsError):
        world.gateways.set_enabled("first", BY, enabled=False)


def test_a_gateway_of_a_file_leaves_those_of_other_names_alone(world: World) -> None:
    world.in_files = (fake_gateway("filed"),)
    world.gateways.set_enabled("first", BY, enabled=False)
    assert route(world) == ["filed"]


def test_gateways_are_listed_and_tried_by_name_unless_a_route_is_set(world: World) -> None:
    for name in ("zulu", "alpha"):
        world.add_gateway(name)
    world.add_gateway("mike", enabled=False)
    assert [found.name for found in world.gateways.list()] == ["alpha", "first", "mike", "zulu"]
    assert route(world) == ["alpha", "first", "zulu"]
    world.settings = Settings(order=("zulu", "mike", "unknown", "alpha"))
    assert route(world) == ["zulu", "alpha"]


def test_the_types_are_those_of_the_catalogue(world: World) -> None:
    assert list(world.gateways.types()) == [FAKE_TYPE]


async def test_a_test_message_holds_no_code_and_tells_the_outcome(world: World) -> None:
    world.gateway.will(Rejected(ErrorClass.CREDIT, "empty"), seconds=1.5)
    result = await world.gateways.test("first", PHONE, BY)
    assert result.outcome == Rejected(ErrorClass.CREDIT, "empty")
    assert result.latency == 1.5
    assert world.texts == [
        "This is a test message from pam-smsotp on host.example.org. It holds no code."
    ]
    assert world.gateway.deadlines == [15.0]
    assert world.journal.events == [GatewayChanged("first", "tested: rejected", BY)]


async def test_a_test_message_speaks_the_language_of_the_default_policy(world: World) -> None:
    world.settings = replace(world.settings, default_policy=Policy(language="xx"))
    await world.gateways.test("first", PHONE, BY)
    assert world.texts == [
        "[This is a test message from pam-smsotp on host.example.org. It holds no code.]"
    ]


async def test_a_test_message_has_zeros_for_a_template_that_takes_only_codes(world: World) -> None:
    await world.gateways.test("first", PHONE, BY)
    assert [message.code for message in world.gateway.messages] == ["000000"]


async def test_a_disabled_gateway_can_be_tested(world: World) -> None:
    sender = world.add_gateway("off", enabled=False)
    result = await world.gateways.test("off", PHONE, BY)
    assert result.outcome == Accepted("id-1")
    assert len(sender.messages) == 1


async def test_a_gateway_is_tested_only_with_a_number_and_if_it_is_right(world: World) -> None:
    with pytest.raises(BadArgumentError, match="phone"):
        await world.gateways.test("first", "0170", BY)
    with world.store.change() as change:
        change.put_gateway(GatewayDefinition("bad", "gone", {}))
    with pytest.raises(BadArgumentError):
        await world.gateways.test("bad", PHONE, BY)
    assert world.texts == []


def test_an_ambiguous_outcome_always_has_the_class_ambiguous() -> None:
    assert Unknown("timeout").error_class is ErrorClass.AMBIGUOUS


def test_a_definition_shows_no_secret() -> None:
    assert "t0ken" not in repr(fake_gateway("first"))


@pytest.mark.parametrize("name", ["a", "main", "gw-1", "sms_77", "0", "x" * 64])
def test_names_of_gateways(name: str) -> None:
    assert parse_gateway_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Main", "-a", "_a", "a b", "a/b", "a.b", "ä", "x" * 65, "a\n", "..", "a\x00"]
)
def test_names_that_no_gateway_has(name: str) -> None:
    with pytest.raises(BadArgumentError, match="gateway name must be"):
        parse_gateway_name(name)
