# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""polkit's agent runs while it may be needed, and no longer."""

import os
import sys
from pathlib import Path

import pytest

from smsotpd.cli.polkit_agent import polkit_agent

# Says what it was called with, then, as the real one, that it is ready; and waits.
AGENT = f"""#!{sys.executable}
import os, signal, sys
own = sys.argv[0]
def end(*_):
    open(own + ".ended", "w").close()
    sys.exit()
signal.signal(signal.SIGTERM, end)
with open(own + ".called", "w") as called:
    called.write(" ".join(sys.argv[1:]))
os.close(int(sys.argv[4]))
while True:
    signal.pause()
"""


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    path = tmp_path / "pkttyagent"
    path.write_text(AGENT)
    path.chmod(0o755)
    return path


def test_it_is_registered_for_this_process_and_ends_with_the_question(agent: Path) -> None:
    with polkit_agent(can_ask=True, program=str(agent)):
        called = Path(f"{agent}.called").read_text().split()
        assert called[:3] == ["--process", str(os.getpid()), "--notify-fd"]
        assert len(called) == 4
        assert not Path(f"{agent}.ended").exists()
    assert Path(f"{agent}.ended").exists()


def test_where_nobody_can_answer_it_does_not_run(agent: Path) -> None:
    with polkit_agent(can_ask=False, program=str(agent)):
        pass
    assert not Path(f"{agent}.called").exists()


def test_without_it_the_command_goes_on(tmp_path: Path) -> None:
    with polkit_agent(can_ask=True, program=str(tmp_path / "absent")):
        assert list(tmp_path.iterdir()) == []
