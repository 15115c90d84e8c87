# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's catalogue explains every event, and only events that exist."""

import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from smsotpd.core.events import Event, Login
from smsotpd.journal.catalogue import fields_of, message_id
from tests.static.tool import assert_content, located
from tests.static.tree import CATALOGUE, GERMAN_CATALOGUE

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


def entries(path: Path = CATALOGUE) -> dict[str, str]:
    """Return each entry's text by its id."""
    _, *parts = ENTRY.split(path.read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_event_is_explained_and_nothing_else() -> None:
    assert entries().keys() == {message_id(event) for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_explanation_names_only_fields_that_the_event_has(event: type[Any]) -> None:
    values = [SAMPLES[field.type] for field in dataclasses.fields(event)]
    fields = set(re.findall(r"@(\w+)@", entries()[message_id(event)]))
    assert fields
    assert fields <= fields_of(event(*values)).keys()


@pytest.mark.parametrize("path", [CATALOGUE, GERMAN_CATALOGUE])
def test_every_entry_has_a_subject_and_a_text(path: Path) -> None:
    for text in entries(path).values():
        header, _, body = text.strip().partition("\n\n")
        assert re.search(r"^Subject: \S", header, re.MULTILINE)
        assert len(body) > 40


def test_no_entry_shows_a_field_that_could_hold_a_secret() -> None:
    fields = set(re.findall(r"@([A-Z_]+)@", CATALOGUE.read_text()))
    assert all(field.startswith("SMSOTP_") for field in fields)
    assert not fields & {"SMSOTP_CODE", "SMSOTP_PIN", "SMSOTP_TEXT", "SMSOTP_PHONE"}


def test_the_german_catalogue_explains_the_same_in_the_same_order() -> None:
    assert list(entries(GERMAN_CATALOGUE)) == list(entries())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_german_entry_shows_the_same_fields_commands_and_pages(event: type[Any]) -> None:
    english, german = (entries(path)[message_id(event)] for path in (CATALOGUE, GERMAN_CATALOGUE))
    for pattern in (
        r"@\w+@",
        r"\bsmsotpctl (?:\w+ )?[\w-]+",
        r"systemctl \w+",
        r"man:\S+",
        r"/\w+/\S+\w",
    ):
        assert set(re.findall(pattern, german)) == set(re.findall(pattern, english)), pattern
    assert german != english


@pytest.mark.parametrize(
    ("locale", "path"), [("C.UTF-8", CATALOGUE), ("de_DE.UTF-8", GERMAN_CATALOGUE)]
)
def test_the_journal_compiles_both_and_shows_the_readers(
    tmp_path: Path, locale: str, path: Path
) -> None:
    folder, locales = tmp_path / "usr/lib/systemd/catalog", tmp_path / "locales"
    folder.mkdir(parents=True)
    locales.mkdir()
    for each in (CATALOGUE, GERMAN_CATALOGUE):
        shutil.copy(each, folder)
    assert_content("journalctl", f"--root={tmp_path}", "--update-catalog")
    # journalctl looks for the language that the C library could set.
    assert_content("localedef", "--inputfile=de_DE", "--charmap=UTF-8", locales / "de_DE.UTF-8")
    environment = {**os.environ, "LC_ALL": locale, "LOCPATH": str(locales)}
    command = [located("journalctl"), f"--root={tmp_path}", "--list-catalog"]
    listed = subprocess.run(
        command, check=True, env=environment, capture_output=True, text=True
    ).stdout
    for entry, text in entries(path).items():
        subject = re.search(r"^Subject: (.+)$", text, re.MULTILINE)
        assert subject is not None
        assert f"{entry} pam-smsotp: {subject[1]}" in listed
