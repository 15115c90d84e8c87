# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a crash leaves of the log, the database opens to a state between two changes."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.unit.store.children import Report, run
from tests.unit.store.counting import count_one, counted

WAL_HEADER = 32  # https://sqlite.org/fileformat2.html#walformat
FRAME = 24 + 4096
CHANGES = 12


@dataclass(frozen=True)
class Crashed:
    """A database and its log as a crash left them.

    Attributes:
        ends: length of the log after each change, the state before the first one included.
    """

    database: Path
    wal: bytes
    ends: Sequence[int]

    def count_after(self, wal: bytes, directory: Path) -> int:
        """Open a copy with this log and return what is counted there."""
        directory.mkdir(mode=0o700)
        for name, content in (("", self.database.read_bytes()), ("-wal", wal)):
            file = directory / (DATABASE_NAME + name)
            file.write_bytes(content)
            file.chmod(0o600)
        try:
            with open_store(directory) as store:
                return counted(store)
        finally:
            shutil.rmtree(directory)

    def changes_within(self, length: int) -> int:
        """Return how many changes are whole in so many bytes of the log."""
        return sum(end <= length for end in self.ends) - 1


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    state = tmp_path_factory.mktemp("crash") / "state"
    wal = state / f"{DATABASE_NAME}-wal"

    def work(report: Report) -> None:
        open_store(state).close()  # the tables are in the database itself from here on
        store = open_store(state)
        report("0")
        for _ in range(CHANGES):
            count_one(store)
            report(str(wal.stat().st_size))

    ends = [int(line) for line in run(work)]
    assert len(ends) == CHANGES + 1
    assert ends == sorted(set(ends))
    content = wal.read_bytes()
    assert len(content) == ends[-1]
    return Crashed(state / DATABASE_NAME, content, ends)


def cuts(length: int) -> list[int]:
    """Return the frames' boundaries and places just beside and amid them."""
    boundaries = range(WAL_HEADER, length + 1, FRAME)
    places = {0, 1, WAL_HEADER - 1, length}
    for boundary in boundaries:
        places |= {boundary + offset for offset in (-1, 0, 1, 12, 24, 25, 2072)}
    return sorted(place for place in places if 0 <= place <= length)


def test_every_prefix_of_the_log_holds_the_changes_that_are_whole_in_it(
    crashed: Crashed, tmp_path: Path
) -> None:
    for cut in cuts(len(crashed.wal)):
        found = crashed.count_after(crashed.wal[:cut], tmp_path / "cut")
        assert found == crashed.changes_within(cut), f"log cut at byte {cut}"
    assert crashed.changes_within(len(crashed.wal)) == CHANGES


def test_a_log_with_one_flipped_bit_ends_before_that_frame(
    crashed: Crashed, tmp_path: Path
) -> None:
    for place in cuts(len(crashed.wal))[4:-1:3]:
        damaged = bytearray(crashed.wal)
        damaged[place] ^= 0x10
        frame_start = place - (place - WAL_HEADER) % FRAME
        found = crashed.count_after(bytes(damaged), tmp_path / "flip")
        assert found == crashed.changes_within(frame_start), f"bit flipped in byte {place}"


def test_a_log_that_ends_in_zeros_ends_where_they_begin(crashed: Crashed, tmp_path: Path) -> None:
    # What a crash leaves of a file whose length reached the disk before its content.
    for end in crashed.ends[1:]:
        found = crashed.count_after(crashed.wal[:end] + bytes(3 * FRAME), tmp_path / "zeros")
        assert found == crashed.changes_within(end)
