# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Linking an account on the command line: shown, asked, waited for, or failed."""

import builtins
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import pytest
from click.testing import CliRunner

from smsotpd.cli.client import AdminClient, PairingStep
from smsotpd.cli.main import program
from smsotpd.cli.tool import Tool
from smsotpd.core.secret import Secret


class PairingClient(AdminClient):
    """Answers with lists of steps, and remembers what it was told."""

    def __init__(self, *lists: Sequence[PairingStep]) -> None:
        self._lists = [list(steps) for steps in lists]
        self.answers: list[str] = []

    def pair_gateway(self, name: str) -> str:
        assert name == "chat"
        return "p1"

    def continue_pairing(self, pairing: str, answer: Secret) -> list[PairingStep]:
        assert pairing == "p1"
        self.answers.append(answer.reveal())
        return self._lists.pop(0)


def pair(client: PairingClient, typed: str = "") -> tuple[int, str]:
    def connect() -> AbstractContextManager[AdminClient]:
        return nullcontext(client)

    tool = Tool(connect=connect, can_ask=lambda: True)
    result = CliRunner().invoke(program, ["gateway", "pair", "chat"], obj=tool, input=typed)
    return result.exit_code, result.output


def test_codes_are_shown_waits_are_waited_and_questions_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    client = PairingClient(
        [("info", "Open the app.", ""), ("ask", "Which device?", "1\nnew")],
        [("code", "Pairing code", "ABCD-1234"), ("wait", "", "2")],
        [("done", "Linked.", "Name: Example\nDevices: 2")],
    )
    status, shown = pair(client, "new\n")
    assert status == 0
    assert client.answers == ["", "new", ""]
    assert waited == [2.0]
    for text in ("Open the app.", "Pairing code: ABCD-1234", "Linked.", "  Devices: 2"):
        assert text in shown


def test_a_qr_code_is_drawn() -> None:
    status, shown = pair(PairingClient([("qr", "Scan this.", "sgnl://x"), ("done", "Linked.", "")]))
    assert status == 0
    assert "Scan this." in shown
    assert any(block in shown for block in "█▄▀") or "\x1b[" in shown


def test_without_segno_the_content_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name == "segno":
            raise ImportError(name)
        return inner(name, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(builtins, "__import__", refuse)
    _, shown = pair(PairingClient([("qr", "Scan this.", "sgnl://x"), ("done", "Linked.", "")]))
    assert "python3-segno" in shown
    assert "sgnl://x" in shown


def test_a_failed_pairing_says_why_and_fails() -> None:
    status, shown = pair(PairingClient([("failed", "nobody scanned it", "")]))
    assert status != 0
    assert "nobody scanned it" in shown


def test_what_the_daemon_says_cannot_steer_the_terminal() -> None:
    _, shown = pair(PairingClient([("info", "a\x1b[2Jb", ""), ("done", "Linked.", "")]))
    assert "\x1b[2J" not in shown
