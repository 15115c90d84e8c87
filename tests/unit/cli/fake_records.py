# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A journal in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from smsotpd.cli.records import Record, Wanted


@dataclass
class FakeRecords:
    """Hold events, oldest first; note what was asked for."""

    entries: list[Record] = field(default_factory=list)
    later: list[Record] = field(default_factory=list)
    asked: Wanted = field(default_factory=Wanted)
    count: int = -1

    def newest(self, wanted: Wanted, count: int) -> list[Record]:
        "".join((wanted.user, wanted.service, wanted.gateway)).encode()  # as the journal needs it
        self.asked, self.count = wanted, count
        return self.entries

    def following(self, wanted: Wanted, after: Record | None) -> Iterator[Record]:
        assert wanted == self.asked
        assert after == (self.entries[-1] if self.entries else None)
        yield from self.later
        raise KeyboardInterrupt
