# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Python: linted, formatted, typed, layered."""

from tests.static.tool import assert_content
from tests.static.tree import ROOT, python_files

# A directory walk would miss it: it has no suffix, and its name is that of what is made.
SCRIPT = "packaging/build"
FOLDERS = ("pam_smsotp", "daemon", "tests", "bench")


def test_ruff_finds_nothing() -> None:
    assert_content("ruff", "check", "--no-cache", ".", SCRIPT)


def test_everything_is_formatted() -> None:
    assert_content("ruff", "format", "--check", "--no-cache", ".", SCRIPT)


def test_everything_is_typed_strictly() -> None:
    folders = [folder for folder in FOLDERS if python_files(folder)]
    assert_content("mypy", *folders, SCRIPT)


def test_the_entry_file_is_typed_strictly() -> None:
    # Its name is the package's, as PAM's administrators will look for it.
    assert_content("mypy", "packaging/usr/lib/pam-smsotp/pam_smsotp.py")


def test_the_layers_hold() -> None:
    assert (ROOT / "pyproject.toml").exists()
    # Not verbose, it draws two live displays at once, which Debian 12's rich refuses.
    assert_content("lint-imports", "--no-cache", "--no-logo", "--verbose")
