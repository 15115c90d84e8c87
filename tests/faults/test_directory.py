# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The directory of accounts hangs: logins go on, and so do administration and the daemon's end."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.attacks.test_local_users import NOBODY
from tests.bus.client import BusError, Client
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
        assert time.monotonic() - begun < 15
    tried()
    begun = time.monotonic()
    await root.enrol("bob", PHONE, PIN)
    assert time.monotonic() - begun < 15, "what else is read in threads does not wait for it"
    async with Client(stuck.address, NOBODY.pw_uid) as other:
        for member in ("Status", "Cancel"):
            tried()
            begun = time.monotonic()
            with suppress(BusError):
                await other.call("org.smsotp1.SelfService", member)
            with pytest.raises(BusError, match="nobody says in time"):
                await other.begin("nobody", "i3lock")
            assert time.monotonic() - begun < 20, "one answer to each, and none is waited for long"
    tried()
    begun = time.monotonic()
    assert stuck.stop() == 0
    assert time.monotonic() - begun < 15, "look-ups that hang do not hold it"
