# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The power fails: of the daemon's write log, a prefix of any length is all that is left.

What the daemon told a caller was in the log before. So whatever prefix is left that is no shorter
than the log was then, a code that let in is used up, and no count is lower than what was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from smsotpd.core.challenge import ChallengeKey, code_digest
from smsotpd.core.ports import StoreChange
from smsotpd.core.throttle import CounterKey
from smsotpd.store.key import load_or_create_key
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.bus.client import ADMIN, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.faults.extent import ALL
from tests.tally import Tried
from tests.unit.store.test_torn_log import cuts

GRANTED = [["outcome", "PAM_SUCCESS"]]
SENDS = CounterKey("send", "user", "alice")
LOG = f"{DATABASE_NAME}-wal"


@dataclass(frozen=True)
class Told:
    """What was known to a caller when the log had so many bytes.

    Attributes:
        failures: counted for alice at least.
        sends: counted for alice at least.
        used: the codes that let in, by the host they were sent for; a spare one's is empty.
    """

    length: int
    failures: int
    sends: int
    used: Mapping[str, str]


@dataclass(frozen=True)
class History:
    """A database, its log, the key of its digests, and who was told what."""

    database: bytes
    log: bytes
    key: bytes
    told: tuple[Told, ...]

    def known_at(self, length: int) -> tuple[Told, bool]:
        """Return what callers knew at most when the log was so short.

        And whether a login may have been granted since, of which nobody was told yet.
        """
        last = max(number for number, told in enumerate(self.told) if told.length <= length)
        following = self.told[last + 1 :][:1]
        return self.told[last], any(told.used != self.told[last].used for told in following)


@pytest_asyncio.fixture
async def history(root: Client, daemon: Daemon) -> History:
    """Log in by a sent code and by a recovery code, with wrong answers in between."""
    (spare,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    daemon.stop()  # all is in the database itself from here on
    database = (daemon.state / DATABASE_NAME).read_bytes()
    running = Daemon(daemon.address, daemon.directory)
    running.wait_ready()
    told = [Told(0, 0, 0, {})]

    def note(failures: int, sends: int, **used: str) -> None:
        size = (running.state / LOG).stat().st_size
        assert size > told[-1].length
        told.append(Told(size, failures, sends, {**told[-1].used, **used}))

    def wrong(steps: list[list[str]]) -> None:
        assert steps != GRANTED

    first, _ = await root.begin("alice", rhost="192.0.2.1")
    await root.respond(first, PIN)
    note(0, 1)
    for number in (1, 2):
        wrong(await root.respond(first, "000000"))
        note(number, 1)
    code = running.code()
    assert await root.respond(first, code) == GRANTED
    note(0, 1, **{"192.0.2.1": code})
    second, _ = await root.begin("alice", rhost="192.0.2.2")
    await root.respond(second, PIN)
    note(0, 2)
    wrong(await root.respond(second, "000000"))
    note(1, 2)
    assert await root.respond(second, str(spare[0])) == GRANTED
    note(0, 2, **{"": str(spare[0])})
    third, _ = await root.begin("alice", rhost="192.0.2.3")
    wrong(await root.respond(third, "wrong"))
    note(1, 2)
    log = (running.state / LOG).read_bytes()
    running.kill()
    running.stop()
    return History(database, log, load_or_create_key(daemon.state), tuple(told))


async def test_whatever_prefix_of_the_log_is_left_nothing_that_was_told_is_undone(
    history: History, tried: Tried, tmp_path: Path
) -> None:
    places = cuts(len(history.log))
    for number, cut in enumerate(places if ALL else places[::2]):
        tried()
        directory = tmp_path / f"cut-{number}"
        directory.mkdir(mode=0o700)
        for name, content in ((DATABASE_NAME, history.database), (LOG, history.log[:cut])):
            (directory / name).write_bytes(content)
            (directory / name).chmod(0o600)
        with open_store(directory) as store, store.change() as change:
            told, may_be_granted = history.known_at(cut)
            hold_to(change, told, history.key)
            failures = change.failures("alice").in_all
            assert failures >= told.failures or (may_be_granted and failures == 0), cut


def hold_to(change: StoreChange, told: Told, key: bytes) -> None:
    """Fail if the store knows less of sends and used codes than somebody was told."""
    counter = change.counter(SENDS)
    assert (counter.count if counter else 0) >= told.sends, told.length
    for rhost, code in told.used.items():
        if not rhost:
            assert code[0] not in change.recovery_codes("alice")
            continue
        challenge = change.challenge(ChallengeKey("alice", "sshd", rhost))
        assert challenge is None or challenge.digest != code_digest(key, challenge.salt, code)
