# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Users who look after their enrolment are spoken to in the language of their connection."""

import pytest

from smsotpd.core.errors import BadArgumentError, RefusedError
from tests.fakes.world import OWNER, PIN, World
from tests.unit.core.test_self_service import NEW, Person


@pytest.fixture
def anna(world: World) -> Person:
    return Person(world)


async def test_a_person_is_spoken_to_in_the_language_of_the_connection(anna: Person) -> None:
    service = anna.world.self_service
    service.speak(OWNER, "de_DE.UTF-8")
    assert (await anna.wants("pin")).prompt == "[Current PIN: ]"
    assert (await anna.types(PIN)).prompt == "[New PIN: ]"
    await anna.types("1234")
    assert anna.steps[0].text == "[That PIN is among the first that anybody would try.]"
    other = Person(anna.world, owner=":1.8")
    assert (await other.wants("pin")).prompt == "Current PIN: "


async def test_a_refusal_is_in_that_language_too(anna: Person) -> None:
    anna.world.self_service.speak(OWNER, "de_DE.UTF-8")
    with pytest.raises(RefusedError, match=r"^\[you are enrolled already\]$"):
        await anna.wants("enrol", "sms", NEW)


@pytest.mark.parametrize(
    ("channel", "address", "said"),
    [
        ("sms", "0170", "[a number begins with + and the country code, as +491701234567]"),
        ("sms", "+49170,", "[a number has digits, blanks and the signs - . / ( ) only]"),
        ("signal", "+999170", "[that number has no known country code]"),
        (
            "whatsapp",
            "+49170" + "1" * 14,
            "[that number has too few or too many digits for its country]",
        ),
        ("telegram", "-100", "[that is no Telegram user id, no @name and no number with +]"),
        ("xmpp", "ada", "[that is no bare XMPP address, as ada@xmpp.example]"),
    ],
)
def test_a_mistake_in_an_address_is_told_in_that_language(
    anna: Person, channel: str, address: str, said: str
) -> None:
    service = anna.world.self_service
    for locale, told in (("de_DE.UTF-8", said), ("", said.strip("[]"))):
        service.speak(OWNER, locale)
        for kind in ("number", "enrol", "invitation"):
            with pytest.raises(BadArgumentError) as caught:
                service.read_wish(OWNER, kind, channel, address)
            assert str(caught.value) == told


async def test_the_language_ends_with_the_connection(anna: Person) -> None:
    service = anna.world.self_service
    service.speak(OWNER, "de_DE.UTF-8")
    service.give_up(OWNER)
    assert (await anna.wants("pin")).prompt == "[Current PIN: ]"
    service.owner_left(OWNER)
    assert (await anna.wants("pin")).prompt == "Current PIN: "


async def test_many_who_want_a_language_turn_nobody_away(anna: Person) -> None:
    service = anna.world.self_service
    for number in range(2000):
        service.speak(f":2.{number}", "de_DE.UTF-8")
    service.speak(OWNER, "de_DE.UTF-8")
    assert (await anna.wants("pin")).prompt == "Current PIN: "
