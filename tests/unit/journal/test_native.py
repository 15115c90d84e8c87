# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Sending to systemd's journal must never stop a login."""

import pytest
from systemd import journal

from smsotpd.core.events import Login, LoginGranted
from smsotpd.journal.native import SystemdJournal


def test_an_event_goes_out_under_our_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(journal, "send", lambda message, **fields: sent.append((message, fields)))
    SystemdJournal().record(LoginGranted(Login("alice", "sshd"), 1))
    ((message, fields),) = sent
    assert message == "Login of alice to sshd granted"
    assert fields["SYSLOG_IDENTIFIER"] == "smsotpd"
    assert fields["SMSOTP_USER"] == "alice"
    assert "MESSAGE" not in fields


def test_a_journal_that_is_away_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: str, **_fields: str) -> None:
        raise OSError(107, "not connected")

    monkeypatch.setattr(journal, "send", refuse)
    said: list[str] = []
    monkeypatch.setattr("syslog.syslog", lambda _priority, text: said.append(text))
    SystemdJournal().note("smsotpd is ready")
    assert said == ["smsotpd is ready"]
