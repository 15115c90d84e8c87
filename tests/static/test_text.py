# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every file says whose it is, is spelt well, and leaves nothing for later."""

import re
from pathlib import Path
from typing import Final

from tests.static.tool import assert_content
from tests.static.tree import (
    ROOT,
    files,
    is_in_another_language,
    is_vector,
    python_files,
    shell_scripts,
    text_of,
)

LICENSED_SUFFIXES: Final = {
    ".c",
    ".catalog",
    ".conf",
    ".h",
    ".po",
    ".policy",
    ".pot",
    ".py",
    ".rst",
    ".service",
    ".sh",
    ".toml",
    ".xml",
}
LICENCE_TAGS: Final = (
    "SPDX-FileCopyrightText: The pam-smsotp authors",
    "SPDX-License-Identifier: Apache-2.0",
)
# Three words of its own, so that this file does not find itself.
FOR_LATER: Final = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
SUPPRESSION: Final = re.compile(r"#\s*(?:ruff:\s*)?(noqa|type:\s*ignore|pragma:\s*no cover)(.*)")
REASONED: Final = re.compile(
    r"""^(
        :\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*   # noqa: its rules
        | \[[a-z-]+(,\s*[a-z-]+)*\]           # type: ignore[its rules]
        |                                     # no cover has none
    )\s+\#\s+\S""",
    re.VERBOSE,
)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_source_file_names_its_authors_and_licence() -> None:
    # A D-Bus activation file has a grammar of its own, without room for more than its keys.
    sources = {
        path
        for path in files()
        if path.suffix in LICENSED_SUFFIXES and "system-services" not in path.parts
    } | {*shell_scripts(), *python_files()}
    unmarked = [
        _name(path)
        for path in sorted(sources)
        if not all(tag in "\n".join(text_of(path).splitlines()[:8]) for tag in LICENCE_TAGS)
    ]
    assert sources
    assert unmarked == []


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{_name(path)}:{number}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if FOR_LATER.search(line)
    ]
    assert found == []


def test_every_suppressed_complaint_names_its_rule_and_its_reason() -> None:
    bare = [
        f"{_name(path)}:{number}"
        for path in python_files()
        if path != Path(__file__)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if (found := SUPPRESSION.search(line)) and not REASONED.match(found.group(2))
    ]
    assert bare == []


def test_no_line_ends_in_spaces_and_every_file_ends_in_a_line() -> None:
    untidy = [
        _name(path)
        for path in files()
        if not is_vector(path)
        and (text := text_of(path))
        and (not text.endswith("\n") or re.search(r"[ \t]+$", text, re.MULTILINE))
    ]
    assert untidy == []


def test_words_are_spelt_right() -> None:
    # It knows English words only, and takes others for slips.
    ours = [
        path
        for path in files()
        if text_of(path) and not is_vector(path) and not is_in_another_language(path)
    ]
    assert_content("codespell", "--ignore-regex", "<message xml:lang=.*", *ours)
