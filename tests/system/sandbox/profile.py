# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an AppArmor profile lets a program do to files, as AppArmor's own parser reads it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.static.tool import output_of

FEATURES: Final = "/etc/apparmor.d/abi/3.0"
# The parser's listing, with variables and abstractions filled in: "Mode: rw:r  Name: (/a/*)".
_RULE: Final = re.compile(r"^Mode:\t([a-z]*):[a-z]*\tName:\t\((.*)\)$", re.MULTILINE)
_PART: Final = re.compile(r"\*\*|\*|\?|\[[^]]*\]|\\.|[{},]|[^*?\[\\{},]+")
_MEANING: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}


@dataclass(frozen=True)
class FileRule:
    """One rule about files: modes as `rw`, and which paths."""

    modes: str
    paths: re.Pattern[str]


def file_rules(profile: Path) -> list[FileRule]:
    """Return the rules of a profile, those of its abstractions too."""
    asked = ("--kernel-features", FEATURES, "--features-file", FEATURES, "--debug", "--quiet")
    status, listed = output_of(
        "apparmor_parser", "--skip-kernel-load", "--skip-cache", *asked, profile
    )
    assert status == 0, listed
    return [
        FileRule(modes, re.compile("".join(_meant(glob))))
        for modes, glob in _RULE.findall(re.sub("/+", "/", listed))
    ]


def denied(rules: list[FileRule], path: str, modes: str) -> str:
    """Return the modes of an access that no rule allows."""
    allowed = {mode for rule in rules if rule.paths.fullmatch(path) for mode in rule.modes}
    return "".join(sorted(set(modes) - allowed))


def _meant(glob: str) -> Iterator[str]:
    """Translate AppArmor's globs (apparmor.d(5)) to a regular expression."""
    depth = 0
    for part in _PART.findall(glob):
        depth += (part == "{") - (part == "}")
        if part == "," and depth:
            yield "|"
        elif part in _MEANING or part[0] in "[\\":
            yield _MEANING.get(part, part)
        else:
            yield re.escape(part)
