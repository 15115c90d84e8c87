# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the pages tell people to type is understood by the programs, and what they name exists."""

import re
import tomllib
from pathlib import Path
from typing import Final

import click
import pytest

from smsotpd.cli.main import program
from smsotpd.config.gateway_files import read_gateway_files
from smsotpd.config.settings import check_file
from tests import pages
from tests.static.tree import MAN_PAGES, ROOT

PAGES: Final = pages.pages()
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def complaint(words: list[str]) -> str:
    """Have click parse a call of smsotpctl as it would before it does anything; empty if right.

    A group without a command is a name that stands in a sentence.
    """
    command: click.Command = program
    context: click.Context | None = None
    name: str | None = "smsotpctl"
    try:
        while True:
            if not words and isinstance(command, click.MultiCommand):
                return ""
            context = command.make_context(name, list(words), parent=context)
            if not isinstance(command, click.MultiCommand):
                return ""
            rest = [*context.protected_args, *context.args]
            name, found, words = command.resolve_command(context, rest)
            assert found is not None
            command = found
    except click.exceptions.Exit:
        return ""  # --help and --version
    except click.ClickException as error:
        return error.format_message()


def test_a_call_that_is_wrong_is_noticed() -> None:
    assert complaint(["service", "enable", "sshd", "--confirm"]) == ""
    assert "No such option" in complaint(["service", "enable", "sshd", "--comfirm"])
    assert "No such command" in complaint(["service", "allow", "sshd"])
    assert "Missing argument" in complaint(["user", "unlock"])
    assert "is not one of" in complaint(["service", "enable", "sshd", "--stack", "before"])


@each_page
def test_every_call_of_smsotpctl_is_one_that_it_understands(page: Path) -> None:
    wrong = [
        f"{' '.join(words)}: {said}"
        for commands, is_whole in ((pages.lines(page), True), (pages.mentions(page), False))
        for words in pages.calls(commands, "smsotpctl")
        # An ellipsis stands for what the reader puts there; a sentence may name a command alone.
        if "…" not in words
        and (said := complaint(words))
        and (is_whole or not said.startswith("Missing"))
    ]
    assert wrong == []


@pytest.mark.parametrize("page", sorted(MAN_PAGES.glob("*.rst")), ids=lambda page: page.stem)
def test_every_call_of_smsotpctl_in_the_manual_is_one_that_it_understands(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # click looks whether a file that is read is there.
    (tmp_path / "staff.csv").touch()
    monkeypatch.chdir(tmp_path)
    called = list(pages.calls(pages.lines(page), "smsotpctl"))
    assert called or page.stem != "smsotpctl"
    assert [(words, said) for words in called if (said := complaint(words))] == []


def test_a_page_with_calls_is_found_to_have_them() -> None:
    mentions = pages.mentions(ROOT / "README.md")
    assert ["service", "enable", "sudo"] in list(pages.calls(mentions, "smsotpctl"))


@each_page
def test_every_piece_of_configuration_is_one_that_the_daemon_takes(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    for number, text in enumerate(pages.blocks(page, "toml")):
        path = tmp_path / "gateways.d" / f"sms{number}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o640)
        for name in re.findall(r'credential = "([^"]+)"', text):
            (credentials / name).write_text("secret")
        if "type" in tomllib.loads(text):
            assert read_gateway_files(tmp_path)
            path.unlink()
        else:
            check_file(ROOT / "etc/smsotp", path)


@each_page
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    missing = [
        f"{path}::{name}"
        for path, name in pages.named_tests(page)
        if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text()
    ]
    assert missing == []


@each_page
def test_every_file_and_heading_that_a_page_links_to_exists(page: Path) -> None:
    assert pages.dead_links(page) == []


def test_every_page_is_found_from_the_readme() -> None:
    assert set(PAGES) - pages.reachable(ROOT / "README.md") == set()


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](page.md) [b](gone.md) [c](#one-thing) [d](page.md#gone)\n")
    assert pages.dead_links(page) == ["gone.md", "page.md#gone"]


@each_page
def test_every_transcript_in_a_page_is_the_recorded_one(page: Path) -> None:
    for name, text in pages.transcripts(page):
        assert text == pages.recorded(name), "python -m tests.pages"


def test_every_transcript_is_shown_or_linked_somewhere() -> None:
    text = "".join(page.read_text() for page in PAGES)
    unused = [
        path.name
        for path in sorted(pages.TRANSCRIPTS.glob("*.txt"))
        if path.name not in text and f"<!-- transcript: {path.stem} -->" not in text
    ]
    assert unused == []


def test_no_transcript_holds_what_only_one_run_had() -> None:
    assert pages.TRANSCRIPTS.is_dir()
    for path in pages.TRANSCRIPTS.glob("*.txt"):
        text = path.read_text()
        assert "smsotp-" not in re.sub("pam-smsotp-", "", text), path
        assert "\x1b" not in text, path


def test_every_complaint_has_a_test_that_shows_the_answer() -> None:
    page = ROOT / "docs/complaints.md"
    rows = re.findall(r"^\| (?!complaint \||---)(.*) \|$", page.read_text(), re.MULTILINE)
    # The surveys count 25 and three, 15 and six.
    assert len(rows) == 25 + 3 + 15 + 6
    bare = [row for row in rows if "`tests/" not in row.split(" | ")[-1]]
    assert bare == []
