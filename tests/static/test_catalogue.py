# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's catalogue explains every event, and only events that exist."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import get_args

from smsotpd.core.events import Event
from tests.static.tool import assert_content, output_of
from tests.static.tree import CATALOGUE

ENTRY = re.compile(r"^-- ([0-9a-f]{32})$", re.MULTILINE)


def message_id(event: str) -> str:
    return hashlib.sha256(f"org.smsotp1.{event}".encode()).hexdigest()[:32]


def entries() -> dict[str, str]:
    """Return each entry's text by its id."""
    _, *parts = ENTRY.split(CATALOGUE.read_text())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_event_is_explained_and_nothing_else() -> None:
    events = {message_id(event.__name__): event.__name__ for event in get_args(Event)}
    assert events
    assert entries().keys() == events.keys(), events


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
