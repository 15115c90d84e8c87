# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is said in each language fits: prompts into login screens, messages into one SMS."""

import unicodedata

import pytest

from smsotpd.core.event_words import EVENT_WORDS
from smsotpd.core.events import Event, Login, LoginDenied
from smsotpd.core.gateways import TEST_TEXT
from smsotpd.core.gsm7 import EXTENSION, is_gsm7
from smsotpd.core.issuing import code_message
from smsotpd.core.notification import DEFAULT_TEXT, text_of
from smsotpd.core.old_address import (
    APP_ADDED,
    APP_REMOVED,
    BREAK_GLASS_MADE,
    RECOVERY_MADE,
    TEXT,
)
from smsotpd.core.phrase import ENGLISH, Catalogue, in_language
from smsotpd.core.policy import Policy
from smsotpd.core.recipient import Recipient
from smsotpd.core.text import fill
from smsotpd.core.transaction import StepKind, Steps, said_in
from tests.fakes.compiled import LANGUAGES, catalogue
from tests.fakes.every_step import all_steps, steps_around_a_login, steps_on_a_terminal
from tests.fakes.languages import Marked

NOTICES = (TEXT, APP_ADDED, APP_REMOVED, RECOVERY_MADE, BREAK_GLASS_MADE)
COLUMNS = 60
SEPTETS = 160
# A PAM message holds 512 bytes (PAM_MAX_MSG_SIZE).
BYTES = 480
HOST = "mail-gateway.example.com"
each_language = pytest.mark.parametrize("language", LANGUAGES)


def columns(text: str) -> int:
    """Return how wide a terminal shows a text."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def septets(text: str) -> int:
    """Return how long a text is in an SMS; fails if it is not in the alphabet of 160."""
    assert is_gsm7(text), [char for char in text if not is_gsm7(char)]
    return sum(2 if char in EXTENSION else 1 for char in text)


def said(language: str) -> Steps:
    """Return all that a login screen may show, in a language."""
    words = catalogue(language)
    policy = Policy().said_in(words)
    steps = (*all_steps(policy), *steps_around_a_login())
    return tuple(dict.fromkeys(said_in(words, steps)))


@each_language
def test_what_a_login_screen_shows_has_at_most_sixty_columns(language: str) -> None:
    too_wide = {step.text: columns(step.text) for step in said(language)}
    assert {text: wide for text, wide in too_wide.items() if wide > COLUMNS} == {}


@each_language
def test_nothing_is_longer_than_pam_carries(language: str) -> None:
    steps = said_in(catalogue(language), tuple(steps_on_a_terminal()))
    assert steps
    assert all(len(step.text.encode()) <= BYTES for step in (*steps, *said(language)))


@each_language
def test_every_prompt_leaves_room_before_the_answer(language: str) -> None:
    prompts = {StepKind.HIDDEN, StepKind.VISIBLE}
    assert all(step.text.endswith(": ") for step in said(language) if step.kind in prompts)


@each_language
def test_the_message_with_a_code_is_one_sms_and_begins_with_the_code(language: str) -> None:
    policy = Policy(code_lifetime=600.0, code_digits=10).said_in(catalogue(language))
    login = Login("maximiliane.mustermann", "lightdm-greeter")
    message = code_message(login, policy, Recipient("sms", "+491701234567"), "1234567890", HOST)
    assert message.text.startswith("1234567890 ")
    assert HOST in message.text
    assert septets(message.text) <= SEPTETS


@each_language
@pytest.mark.parametrize("text", NOTICES)
def test_a_notice_of_a_change_is_one_sms(language: str, text: str) -> None:
    values = {"host": HOST, "user": "m.mustermann", "date": "2027-01-31", "time": "23:59:59 CEST"}
    assert septets(fill(in_language(catalogue(language), text), values)) <= SEPTETS


def notice_of(words: Catalogue, event: Event) -> str:
    """Return the notice of an event whose text nobody configured."""
    moment = ("2027-01-31", "23:59:59 CEST")
    return text_of(words, DEFAULT_TEXT, event, HOST, "+358 ••• ••89", moment)


@each_language
def test_every_event_has_a_name_that_leaves_room_in_an_sms(language: str) -> None:
    # Host, user, service, address, time: what else there is, is the event's.
    for event_class in EVENT_WORDS:
        name = in_language(catalogue(language), EVENT_WORDS[event_class])
        assert septets(name) <= 40, (event_class, name)


@each_language
def test_the_notice_of_a_wrong_code_is_one_sms(language: str) -> None:
    login = Login("maximiliane.mustermann", "lightdm-greeter", "2001:db8:1234:5678::abcd")
    notice = notice_of(catalogue(language), LoginDenied(login, "wrong code"))
    assert notice != notice_of(ENGLISH, LoginDenied(login, "wrong code"))
    assert septets(notice) <= SEPTETS


@each_language
def test_a_test_message_is_one_sms_and_names_the_host(language: str) -> None:
    text = fill(in_language(catalogue(language), TEST_TEXT), {"host": HOST})
    assert HOST in text
    assert septets(text) <= SEPTETS


def test_the_english_texts_are_single_sms_too() -> None:
    values = {"host": HOST, "user": "m.mustermann", "date": "2027-01-31", "time": "23:59:59 CEST"}
    for text in NOTICES:
        assert septets(fill(text, values)) <= SEPTETS
    assert is_gsm7(Policy().texts.message)
    assert septets(fill(TEST_TEXT, {"host": HOST})) <= SEPTETS
    assert all(septets(name) <= 40 for name in EVENT_WORDS.values())


def test_no_text_is_put_together_past_the_catalogues() -> None:
    policy = Policy().said_in(Marked())
    steps = (*all_steps(policy), *steps_around_a_login(), *steps_on_a_terminal())
    untranslated = {
        step.text
        for step in said_in(Marked(), steps)
        if step.kind not in {StepKind.OUTCOME, StepKind.AUTHTOK, StepKind.QR}
        and not (step.text.startswith("[") and step.text.rstrip().endswith("]"))
    }
    # A channel's name and a masked number are the same in every language.
    assert untranslated == {"sms: +358 ••• ••89", "whatsapp: +49"}
