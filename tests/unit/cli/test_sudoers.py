# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whether sudo replaces everybody's PATH, as sudo's own programs tell it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from smsotpd.cli.pam.sudoers import complaint_about_secure_path
from tests.unit.cli.fake_host import SUDO_V


def test_a_path_for_everybody_is_fine() -> None:
    assert complaint_about_secure_path(SUDO_V, '{"Defaults": []}') == ""


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        ("", "{}"),
        ("Value to override user's $PATH with: .:/usr/bin\n", "{}"),
        ("Value to override user's $PATH with: /usr/bin:\n", "{}"),
        (SUDO_V, "not json"),
        (SUDO_V, "[]"),
        (SUDO_V, '{"Defaults": [{"Binding": []}]}'),
        (SUDO_V, '{"Defaults": [{"Binding": [], "Options": [{"exempt_group": "x"}]}]}'),
    ],
)
def test_anything_else_is_a_complaint(version: str, rules: str) -> None:
    assert complaint_about_secure_path(version, rules) != ""


@pytest.mark.skipif(shutil.which("cvtsudoers") is None, reason="sudo is not installed")
@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ("Defaults env_reset", True),
        ("Defaults:alice !lecture", True),
        ("Defaults:alice !secure_path", False),
        ("Defaults:%admin secure_path=/opt/bin", False),
        ("Defaults@host !secure_path", False),
        ("Defaults>root exempt_group=admin", False),
        ("Defaults!/usr/bin/id !secure_path", False),
    ],
)
def test_exceptions_are_found_in_included_files_too(
    line: str, *, is_fine: bool, tmp_path: Path
) -> None:
    (tmp_path / "included").write_text(f"{line}\n")
    sudoers = tmp_path / "sudoers"
    sudoers.write_text(f"Defaults secure_path=/usr/bin\n@include {tmp_path}/included\n")

    done = subprocess.run(
        ["cvtsudoers", "-f", "json", str(sudoers)], capture_output=True, text=True, check=True
    )

    assert (complaint_about_secure_path(SUDO_V, done.stdout) == "") is is_fine
