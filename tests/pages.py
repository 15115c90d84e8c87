# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of the documentation, and what in them is not prose: blocks, commands, test names.

    python -m tests.pages

puts the recorded transcripts into the pages again.
"""

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.static.tree import ROOT

TRANSCRIPTS: Final = ROOT / "docs" / "transcripts"
_BLOCK: Final = re.compile(r"^```([a-z_]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LITERAL: Final = re.compile(r"::\n\n((?:    .*\n|\n)+)")
_INLINE: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_TRANSCRIPT: Final = re.compile(
    r"(^<!-- transcript: ([a-z0-9-]+) -->\n```text\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL
)
_TEST: Final = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")
# Not to other sites: what comes before a colon is their scheme.
_LINK: Final = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")
_HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


def pages() -> list[Path]:
    """Return every page in Markdown that describes the present state."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Return the texts of a page's fenced blocks of one language; the shell's has no name."""
    return [text for name, text in _BLOCK.findall(page.read_text()) if name == language]


def lines(page: Path) -> list[str]:
    """Return every command line in a page's shell blocks; in a manual's examples."""
    if page.suffix == ".rst":
        found = [inspect.cleandoc(block) for block in _LITERAL.findall(page.read_text())]
    else:
        found = [*blocks(page, ""), *blocks(page, "sh")]
    return [
        line
        for block in found
        for line in block.replace("\\\n", " ").splitlines()
        if line and not line.startswith("#")
    ]


def mentions(page: Path) -> list[str]:
    """Return what stands as code in a page's text."""
    return _INLINE.findall(_BLOCK.sub("", page.read_text()))


def as_written(beginning: str, page: Path) -> str:
    """Return the first command of a page that begins so.

    Raises:
        AssertionError: the page does not have it.
    """
    every = lines(page) + mentions(page)
    found = [command for command in every if command.startswith(beginning)]
    assert found, f"{page.name} tells nobody to type “{beginning}”"
    return found[0]


def calls(commands: list[str], program: str) -> Iterator[list[str]]:
    """Yield the words behind a program's name, wherever commands call it."""
    for command in commands:
        for part in re.split(r"\s(?:&&|\|\|?|;)\s|;\s", command):
            found = re.match(rf"(?:[A-Z_]+=\S+ )*{program}(?:\s+(.*))?$", part.strip())
            if found:
                without_redirection = re.sub(r"\s\d?[<>]\S+", "", found[1] or "")
                yield shlex.split(without_redirection, comments=True)


def named_tests(page: Path) -> list[tuple[str, str]]:
    """Return file and function of every test that a page names as its proof."""
    return _TEST.findall(page.read_text())


def dead_links(page: Path) -> list[str]:
    """Return what a page links to and is not there: a file, or a heading in one."""
    dead = []
    for target, anchor in _LINK.findall(_BLOCK.sub("", page.read_text())):
        file = page.parent / target if target else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            dead.append(f"{target}#{anchor}" if anchor else target)
    return dead


def reachable(start: Path) -> set[Path]:
    """Return the pages that links lead to from one, by any number of steps."""
    found, waiting = set[Path](), [start.resolve()]
    while waiting:
        page = waiting.pop()
        if page.is_dir():
            waiting += page.glob("*.md")
        elif page.suffix == ".md" and page not in found:
            found.add(page)
            targets = _LINK.findall(_BLOCK.sub("", page.read_text()))
            waiting += [(page.parent / target).resolve() for target, _ in targets if target]
    return found


def _anchors(page: Path) -> set[str]:
    """Return what links call the headings of a page, as GitHub and GitLab make it of each."""
    headings = _HEADING.findall(_BLOCK.sub("", page.read_text()))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def transcripts(page: Path) -> list[tuple[str, str]]:
    """Return name and text of the transcripts that a page shows."""
    return [(name, text) for _, name, text, _ in _TRANSCRIPT.findall(page.read_text())]


def recorded(name: str) -> str:
    """Return a transcript as it was recorded."""
    return (TRANSCRIPTS / f"{name}.txt").read_text()


def put_transcripts_in(page: Path) -> None:
    """Write what was recorded into a page, in place of what stands there."""
    old = page.read_text()
    new = _TRANSCRIPT.sub(lambda found: found[1] + recorded(found[2]) + found[4], old)
    if new != old:
        page.write_text(new)


if __name__ == "__main__":
    for each in pages():
        put_transcripts_in(each)
