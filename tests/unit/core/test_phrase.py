# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A phrase is its English text, and can be said again in another language."""

import pytest

from smsotpd.core.phrase import ENGLISH, in_language, phrase, phrases, word
from smsotpd.core.policy import Policy, Settings, Texts
from smsotpd.core.request import AnotherChannel, AnotherCode, Explanation, Typed, request_of
from smsotpd.core.secret import Secret
from smsotpd.core.transaction import StepKind
from tests.fakes.compiled import LANGUAGES, catalogue
from tests.fakes.languages import Marked
from tests.fakes.world import PHONE, PIN, WRONG_CODE, World


def test_a_phrase_is_its_english_text() -> None:
    assert phrase("Codes go to {phone}.", phone="+49") == "Codes go to +49."
    assert phrases("{number} try", "{number} tries", 1) == "1 try"
    assert phrases("{number} try", "{number} tries", 2) == "2 tries"


def test_a_phrase_is_said_again_with_its_values() -> None:
    german = catalogue("de")
    assert in_language(german, phrase("No new code for {wait} s. Code: ", wait="7")) == (
        "Kein neuer Code für 7 s. Code: "
    )
    singular = "Wrong code, {number} try left. Code: "
    tries = phrases(singular, "Wrong code, {number} tries left. Code: ", 1)
    assert in_language(german, tries) == "Falscher Code, noch 1 Versuch. Code: "
    assert in_language(german, word("another code", "r")) == "n"


def test_saying_it_twice_is_saying_it_once() -> None:
    inner = phrase("Too many wrong codes. Try again later.")
    once = in_language(Marked(), phrase("{reason} (Enter) ", reason=inner))
    assert once == "[[Too many wrong codes. Try again later.] (Enter) ]"
    assert in_language(Marked(), once) == once
    assert in_language(ENGLISH, once) == "Too many wrong codes. Try again later. (Enter) "


def test_what_is_filled_in_is_neither_searched_nor_translated() -> None:
    text = phrase("Transaction id: {id}", id="{id} Code: ")
    said = in_language(catalogue("de"), text)
    assert said == "Vorgangsnummer: {id} Code: "


def test_values_steer_no_terminal() -> None:
    assert phrase("{reason}", reason="\x1b[2J") == "\ufffd[2J"


def test_what_an_administrator_wrote_is_said_as_it_is_written() -> None:
    texts = Texts(pin_prompt="New PIN: ", resend_word="Code: ").said_in(catalogue("de"))
    assert texts.pin_prompt == "New PIN: "
    assert texts.resend_word == "Code: "
    assert texts.code_prompt == "Code gesendet an {phone}: "


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_to_type_are_those_of_the_language_and_of_the_source(language: str) -> None:
    texts = Texts().said_in(catalogue(language))
    for resend in (texts.resend_word, "r", "R"):
        assert request_of(resend, texts) == AnotherCode()
    for channel in (texts.channel_word, "c"):
        assert request_of(f"{channel} signal", texts) == AnotherChannel("signal")
    assert request_of("?", texts) == Explanation()


def test_the_words_of_the_source_do_not_count_beside_an_administrators() -> None:
    texts = Texts(resend_word="neu").said_in(catalogue("de"))
    assert request_of("neu", texts) == AnotherCode()
    assert request_of("r", texts) == Typed("r")


def test_a_translated_word_that_an_administrator_uses_otherwise_stays_english() -> None:
    texts = Texts(channel_word="N").said_in(catalogue("de"))
    assert (texts.resend_word, texts.channel_word) == ("r", "N")


async def test_a_login_is_led_in_the_users_language(world: World) -> None:
    terminal = world.begin(locale="de_DE.UTF-8")
    assert terminal.prompt == "[PIN: ]"
    await terminal.answer(PIN)
    assert terminal.prompt == "[Code sent to +49 ••• ••89: ]"
    (text,) = world.texts
    assert text.startswith("[")
    assert text.endswith(" on host.example.org. Valid 5 min.]")
    await terminal.answer(WRONG_CODE)
    assert terminal.prompt == "[Wrong code, 2 tries left. Code ([r]: new one): ]"
    assert all(step.kind is not StepKind.OUTCOME for step in terminal.steps)


async def test_an_outcome_is_the_same_in_every_language(world: World) -> None:
    terminal = world.begin(locale="pl")
    await terminal.answer(PIN)
    await terminal.answer(world.code[1:])
    assert terminal.outcome == "PAM_SUCCESS"


@pytest.mark.parametrize(
    ("locale", "language", "wanted"),
    [("", "", ""), ("", "fr", "fr"), ("de_DE.UTF-8", "fr", "de_DE.UTF-8")],
)
def test_the_programs_locale_comes_first_then_the_policys_then_the_hosts(
    world: World, locale: str, language: str, wanted: str
) -> None:
    world.set_policy(language=language)
    world.begin(locale=locale)
    assert world.languages.wanted == [wanted]


def test_a_service_may_have_a_language_of_its_own(world: World) -> None:
    world.settings = Settings(services={"kiosk": Policy(language="es")})
    assert world.begin(service="kiosk").prompt == "[PIN: ]"
    assert world.begin(service="sudo").prompt == "PIN: "


async def test_why_a_login_ends_is_said_in_the_users_language_too(world: World) -> None:
    terminal = await world.begin(service="sshd", locale="de").answer(PIN, *3 * [WRONG_CODE])
    assert terminal.prompt == "[[Too many wrong codes. Try again later.] (Enter) ]"


async def test_an_old_address_is_told_in_the_hosts_language(world: World) -> None:
    world.languages.host = Marked()
    await world.users.enrol("anna", "sms", "+491701234500", Secret(""), 0, verify=False)
    while await world.notifications.send_next():
        pass
    (message,) = [each for each in world.gateway.messages if each.recipient.address == PHONE]
    assert message.text.startswith("[host.example.org: the addresses")
