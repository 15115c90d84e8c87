# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the daemon wrote to the journal: its own entries, and nobody else's."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from systemd import journal

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.host import Host
from smsotpd.core.event_names import ALL_KINDS, message_id

UNIT: Final = "smsotpd.service"
DAEMON_USER: Final = "smsotp"

_PREFIX: Final = "SMSOTP_"
_DIRECTORIES: Final = (Path("/var/log/journal"), Path("/run/log/journal"))
_KINDS: Final = {message_id(event_class): kind for kind, event_class in ALL_KINDS.items()}
_SECONDS_BETWEEN_LOOKS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to show; what is empty or None chooses nothing.

    Attributes:
        events: kinds, as `login-granted`.
        since, until: seconds since 1970.
    """

    user: str = ""
    service: str = ""
    gateway: str = ""
    events: frozenset[str] = frozenset()
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One event as the journal has it.

    Attributes:
        at: seconds since 1970.
        event: its kind; empty for one that this version does not know.
        fields: its own, without prefix and in lower case: `user`, `service`, `reason` and so on.
        cursor: its place in the journal.
    """

    at: float
    event: str
    message: str
    fields: Mapping[str, str]
    cursor: str = field(default="", compare=False)


class Records(Protocol):
    """Where events are read."""

    def newest(self, wanted: Wanted, count: int) -> list[Record]:
        """Return the newest events, oldest of them first; all of them if `count` is 0."""
        ...

    def following(self, wanted: Wanted, after: Record | None) -> Iterator[Record]:
        """Yield events as they come, for ever, beginning after one that is known."""
        ...


class JournalRecords:
    """Read systemd's journal.

    What matters is who wrote an entry: journald itself notes unit and uid of the writer, in fields
    that no writer can set (systemd.journal-fields(7)). Anybody may send entries that otherwise look
    like ours.
    """

    def newest(self, wanted: Wanted, count: int) -> list[Record]:
        """Return the newest events, oldest of them first; all of them if `count` is 0."""
        found: list[Record] = []
        with closing(_reader(wanted)) as reader:
            if wanted.until is None:
                reader.seek_tail()
            else:
                reader.seek_realtime(wanted.until)
            while not count or len(found) < count:
                record = _record_of(reader.get_previous())
                if record is None or (wanted.since is not None and record.at < wanted.since):
                    break
                found.append(record)
        return found[::-1]

    def following(self, wanted: Wanted, after: Record | None) -> Iterator[Record]:
        """Yield events as they come, for ever, beginning after one that is known."""
        with closing(_reader(wanted)) as reader:
            if after is None:
                reader.seek_realtime(datetime.now().astimezone().timestamp())
            else:
                reader.seek_cursor(after.cursor)
                reader.get_next()
            while True:
                while (record := _record_of(reader.get_next())) is not None:
                    yield record
                reader.wait(_SECONDS_BETWEEN_LOOKS)


def _reader(wanted: Wanted) -> journal.Reader:
    """Open the journal of the system, and let through what the daemon wrote and is wanted.

    Raises:
        CliError: the caller may not read it, or the daemon was never installed.
    """
    _require_access()
    try:
        uid = pwd.getpwnam(DAEMON_USER).pw_uid
    except KeyError:
        raise CliError(
            f"there is no user {DAEMON_USER}, so no daemon ever ran here",
            remedy="is the package pam-smsotp installed?",
            exit_code=Exit.NOT_FOUND,
        ) from None
    # Times as seconds: the reader's own have no offset, and so are wrong twice a year.
    converters = {"__REALTIME_TIMESTAMP": lambda stamp: stamp / 1_000_000}
    reader = journal.Reader(journal.LOCAL_ONLY | journal.SYSTEM, converters=converters)
    try:
        reader.add_match(_SYSTEMD_UNIT=UNIT)
        reader.add_match(_UID=str(uid))
        named = {"USER": wanted.user, "SERVICE": wanted.service, "GATEWAY": wanted.gateway}
        for name, text in named.items():
            if text:
                reader.add_match(**{f"{_PREFIX}{name}": text})
        # Notes about the daemon itself have no id, and are no events.
        for kind in wanted.events or ALL_KINDS:
            reader.add_match(MESSAGE_ID=message_id(ALL_KINDS[kind]))
    except BaseException:
        reader.close()
        raise
    return reader


def left_out(host: Host) -> list[str]:
    """Return what journalctl says of files of the journal that cannot be read.

    Whoever reads the journal is told of none of them: what they hold looks as if it had never been.
    """
    errors = host.run("journalctl", "--lines=0", "--no-pager").errors
    return [line for line in errors.splitlines() if "ignoring file" in line]


def _require_access() -> None:
    files = [file for place in _DIRECTORIES for file in place.glob("*/system*.journal")]
    if os.geteuid() == 0 or any(os.access(file, os.R_OK) for file in files):
        return
    raise CliError(
        "only root and members of the groups adm and systemd-journal may read the journal",
        remedy="run it as root: sudo smsotpctl …",
        exit_code=Exit.NOT_AUTHORIZED,
    )


def _record_of(entry: Mapping[str, object]) -> Record | None:
    if not entry:
        return None
    own = {
        name.removeprefix(_PREFIX).lower(): _text(value)
        for name, value in entry.items()
        if name.startswith(_PREFIX)
    }
    at, identifier = entry["__REALTIME_TIMESTAMP"], entry.get("MESSAGE_ID")
    assert isinstance(at, float)  # noqa: S101  # the converter above makes it one
    kind = _KINDS.get(str(identifier).replace("-", ""), "")
    message = _text(entry.get("MESSAGE", ""))
    return Record(at, kind, message, own, _text(entry.get("__CURSOR", "")))


def _text(value: object) -> str:
    match value:
        case bytes():
            return value.decode(errors="replace")
        case list():
            return ", ".join(_text(each) for each in value)
        case _:
            return str(value)
