# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl self status` says everything in the language of its user."""

import pytest

from smsotpd.cli.own_enrolment import in_own_words
from smsotpd.core.phrase import Phrase, in_language
from tests.fakes.compiled import LANGUAGES, catalogue
from tests.fakes.languages import Marked

# As ShowUser in the contract.
DETAILS = {
    "user": "anna",
    "phone": "+49 ••• ••89",
    "recipients": [["sms", "+49 ••• ••89"], ["xmpp", "a•••@example.org"]],
    "state": "locked",
    "failures": 10,
    "enrolled_at": 1_800_000_000,
    "has_pin": True,
    "has_authenticator": False,
    "recovery_codes": 0,
    "has_break_glass": False,
}


def said_in(language: str, details: dict[str, object]) -> dict[str, object]:
    words = catalogue(language)
    return in_own_words(details, lambda phrase: in_language(words, phrase))


def marked(phrase: Phrase) -> str:
    return in_language(Marked(), phrase)


def test_no_label_and_no_word_is_left_in_english() -> None:
    shown = in_own_words(DETAILS, marked)
    assert len(shown) == len(DETAILS)
    assert all(label.startswith("[") for label in shown)
    assert [value for value in shown.values() if str(value).startswith("[")] == [
        "[locked]", "[yes]", "[no]", "[no]",
    ]  # fmt: skip


def test_a_german_reads_german() -> None:
    shown = said_in("de", DETAILS)
    assert shown["Benutzer"] == "anna"
    assert shown["Zustand"] == "gesperrt"
    assert shown["hat eine PIN"] == "ja"
    assert shown["Fehlversuche"] == "10"
    assert "sms, +49 ••• ••89, xmpp, a•••@example.org" in shown.values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_is_another_and_leaves_room_beside_it(language: str) -> None:
    shown = said_in(language, DETAILS)
    assert len(shown) == len(DETAILS)
    # Half of the eighty columns of a terminal.
    assert all(len(label) <= 40 for label in shown)


def test_what_a_newer_daemon_tells_stays_as_it_is() -> None:
    newer: dict[str, object] = {"state": "asleep", "has_wings": True}
    assert in_own_words(newer, marked) == {"[state]": "asleep", "has_wings": "[yes]"}
