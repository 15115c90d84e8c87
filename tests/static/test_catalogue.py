# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's catalogue explains every event, and only events that exist."""

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any, get_args

import pytest

from smsotpd.core.events import Event, Login
from smsotpd.journal.catalogue import fields_of, message_id
from tests.static.tool import assert_content, output_of
from tests.static.tree import CATALOGUE

ENTRY = re.compile(r"^-- ([0-9a-f]{32})$", re.MULTILINE)


EVENTS: tuple[type[Any], ...] = get_args(Event)
# A value of each type that an event's field may have, none of them empty.
SAMPLES: dict[Any, object] = {
    Login: Login("a", "b", "c", "d", "e"),
    str: "a",
    float: 1.0,
    int: 1,
    int | None: 1,
    bool: True,
}


def entries() -> dict[str, str]:
    """Return each entry's text by its id."""
    _, *parts = ENTRY.split(CATALOGUE.read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_event_is_explained_and_nothing_else() -> None:
    assert entries().keys() == {message_id(event) for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_explanation_names_only_fields_that_the_event_has(event: type[Any]) -> None:
    values = [SAMPLES[field.type] for field in dataclasses.fields(event)]
    fields = set(re.findall(r"@(\w+)@", entries()[message_id(event)]))
    assert fields
    assert fields <= fields_of(event(*values)).keys()


def test_every_entry_has_a_subject_and_a_text() -> None:
    for text in entries().values():
        header, _, body = text.strip().partition("\n\n")
        assert re.search(r"^Subject: \S", header, re.MULTILINE)
        assert len(body) > 40


def test_no_entry_shows_a_field_that_could_hold_a_secret() -> None:
    fields = set(re.findall(r"@([A-Z_]+)@", CATALOGUE.read_text()))
    assert all(field.startswith("SMSOTP_") for field in fields)
    assert not fields & {"SMSOTP_CODE", "SMSOTP_PIN", "SMSOTP_TEXT", "SMSOTP_PHONE"}


def test_the_journal_compiles_it(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    shutil.copy(CATALOGUE, folder)
    assert_content("journalctl", f"--root={tmp_path}", "--update-catalog")
    status, listed = output_of("journalctl", f"--root={tmp_path}", "--list-catalog")
    assert status == 0
    assert all(entry in listed for entry in entries())
