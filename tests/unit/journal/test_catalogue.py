# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every event becomes an entry with an id, a sentence and fields that can be searched."""

import dataclasses
import re
import typing

import pytest

from smsotpd.core.events import (
    CodeFailed,
    CodeSent,
    EnrolmentChanged,
    Event,
    Login,
    LoginDenied,
    LoginGranted,
)
from smsotpd.journal.catalogue import ENTRIES, fields_of, message_id

LOGIN = Login("alice", "sshd", "192.0.2.7", "ssh", "transaction-1")
EVENT_CLASSES = typing.get_args(Event)


def test_every_event_has_its_entry() -> None:
    assert set(ENTRIES) == set(EVENT_CLASSES)


def test_no_two_events_share_an_id() -> None:
    ids = {message_id(event_class) for event_class in EVENT_CLASSES}
    assert len(ids) == len(EVENT_CLASSES)
    assert all(re.fullmatch("[0-9a-f]{32}", identifier) for identifier in ids)


@pytest.mark.parametrize("event_class", EVENT_CLASSES)
def test_every_sentence_names_fields_its_event_has(event_class: type[Event]) -> None:
    names = {field.name for field in dataclasses.fields(event_class)}
    if "login" in names:
        names |= {field.name for field in dataclasses.fields(Login)}
    assert set(re.findall(r"\{(\w+)\}", ENTRIES[event_class].sentence)) <= names


def test_a_denied_login_tells_who_where_and_why() -> None:
    fields = fields_of(LoginDenied(LOGIN, "wrong PIN"))
    assert fields == {
        "MESSAGE": "Login of alice to sshd denied: wrong PIN",
        "MESSAGE_ID": message_id(LoginDenied),
        "PRIORITY": "5",
        "SMSOTP_USER": "alice",
        "SMSOTP_SERVICE": "sshd",
        "SMSOTP_RHOST": "192.0.2.7",
        "SMSOTP_TTY": "ssh",
        "SMSOTP_TRANSACTION": "transaction-1",
        "SMSOTP_REASON": "wrong PIN",
    }


def test_durations_are_in_milliseconds() -> None:
    assert fields_of(LoginGranted(LOGIN, 1.2345))["SMSOTP_DURATION_MS"] == "1234"
    sent = CodeSent(LOGIN, "first", "+49 ••• ••89", 0.05, "id-1")
    assert fields_of(sent)["SMSOTP_LATENCY_MS"] == "50"


def test_what_is_empty_takes_no_field() -> None:
    fields = fields_of(LoginGranted(Login("alice", "sudo"), 1))
    assert "SMSOTP_RHOST" not in fields
    assert "SMSOTP_BY_UID" not in fields_of(EnrolmentChanged("alice", "PIN changed"))


def test_nothing_can_forge_a_second_line() -> None:
    nasty = Login("alice\nsmsotpd: Login of root granted", "ss\x1bhd", "\u202e7")
    fields = fields_of(
        CodeFailed(nasty, "g", "m", 0, outcome="rejected", error_class="auth", detail="a\r\nb")
    )
    text = "".join(fields.values())
    assert not re.search(r"[\x00-\x1f\x7f\u202e]", text)


def test_braces_in_a_value_are_not_filled_in() -> None:
    fields = fields_of(LoginDenied(Login("{service}", "sshd"), "{user}"))
    assert fields["MESSAGE"] == "Login of {service} to sshd denied: {user}"
