# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The directory of accounts hangs: logins go on, and so do administration and the daemon's end."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bus.client import Client
from tests.bus.conftest import PHONE, PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

GRANTED = [["outcome", "PAM_SUCCESS"]]
SOURCE = Path(__file__).with_name("slow_directory.c")
# More than the threads in which everything else waits.
LOGINS = 8


@pytest.fixture
def stuck(root: Client, daemon: Daemon, tmp_path: Path) -> Daemon:
    """The daemon, with a directory that hangs and a policy that asks it."""
    del root
    library = tmp_path / "slow_directory.so"
    compiler = [
        "cc",
        "-shared",
        "-fPIC",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        str(library),
        str(SOURCE),
    ]
    subprocess.run(compiler, check=True)
    settings = daemon.configuration / "smsotpd.toml"
    settings.write_text(settings.read_text() + '[policy.default]\nexempt_groups = ["staff"]\n')
    daemon.interpreter = ["env", f"LD_PRELOAD={library}", sys.executable]
    daemon.kill()
    daemon.restart()
    return daemon


async def test_a_directory_that_hangs_holds_up_nothing_for_long(
    root: Client, stuck: Daemon, tried: Tried
) -> None:
    for number in range(LOGINS):
        tried()
        begun = time.monotonic()
        name, _ = await root.begin("alice", rhost=f"192.0.2.{number}")
        await root.respond(name, PIN)
        assert await root.respond(name, stuck.code()) == GRANTED
        assert time.monotonic() - begun < 6
    tried()
    begun = time.monotonic()
    await root.enrol("bob", PHONE, PIN)
    assert time.monotonic() - begun < 5, "what else is read in threads does not wait for it"
    tried()
    begun = time.monotonic()
    assert stuck.stop() == 0
    assert time.monotonic() - begun < 5, "look-ups that hang do not hold it"
