# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A caller who leaves a program no memory finds the second step in its place."""

import subprocess
from pathlib import Path

import pytest

from tests.pam.conftest import _requirements
from tests.pam.private_host import IN_ANY_PROGRAM, PrivateHost, facts
from tests.tally import Tried

__all__ = ["_requirements"]


@pytest.mark.usefixtures("_requirements")
@pytest.mark.parametrize("terminal", IN_ANY_PROGRAM)
def test_no_memory_to_connect_with_is_not_taken_for_an_absent_bus(
    terminal: str, tried: Tried
) -> None:
    tried()
    with PrivateHost() as host:
        host.terminal = terminal
        source, library = Path(__file__).with_name("no_memory.c"), host.directory / "no_memory.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source, "-ldl"],
            check=True,
        )
        host.write_service("open", host.terminal_line("fail=ignore"), "auth required pam_permit.so")
        done = host.run(host.driver, "open", "alice", LD_PRELOAD=str(library))
        assert facts(done.stdout, ["result"]) == ["result 9"]  # PAM_AUTHINFO_UNAVAIL
        assert "Cannot allocate memory" in host.log_lines()[0]
