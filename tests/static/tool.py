# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Running the tools that judge the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.static.tree import ROOT


def located(program: str) -> str:
    """Return a tool's path: beside this Python, or the system's.

    Without the tool the test is skipped on a developer's machine, and fails where CI=true.
    """
    beside = Path(sys.executable).parent
    found = shutil.which(program, path=f"{beside}:{os.environ.get('PATH', os.defpath)}")
    if found is None:
        reason = f"{program} is not installed: run tests/prepare"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def output_of(program: str, *arguments: str | Path) -> tuple[int, str]:
    """Run a tool at the top of the tree and return its status and all that it printed."""
    # The daemon's package is in a folder that is no package: import-linter must be told.
    imports = f"{ROOT}:{ROOT / 'daemon'}"
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": imports}
    done = subprocess.run(
        [located(program), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def assert_content(program: str, *arguments: str | Path) -> None:
    """Fail with what the tool says, unless it is content."""
    status, output = output_of(program, *arguments)
    assert status == 0, f"{program}:\n{output[-6000:]}"


def assert_silent(program: str, *arguments: str | Path) -> None:
    """Fail if the tool says anything at all: some warn and still report success."""
    status, output = output_of(program, *arguments)
    assert (status, output) == (0, ""), f"{program} ({status}):\n{output[-6000:]}"
