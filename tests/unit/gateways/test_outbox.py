# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The outbox writes where only the daemon and root can read, or not at all."""

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, Outcome, Rejected
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.sender import GatewaySender

_MESSAGE = Message(parse_phone("+491701234567"), "Code 012345 für dich\n\x9b2J")


async def _send(path: Path) -> Outcome:
    catalogue = Catalogue(GatewaySender, allow_outbox=True)
    definition = GatewayDefinition("demo", "outbox", {"PATH": str(path)})
    catalogue.check(definition)
    outcome = await catalogue.sender(definition).send(_MESSAGE, 5)
    for hidden in ("012345", "1701234567", str(path)):
        assert hidden not in repr(outcome)
    return outcome


async def test_messages_are_appended_line_by_line_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    assert [await _send(path), await _send(path)] == [Accepted(), Accepted()]
    lines = path.read_text("ascii").splitlines()
    assert len(lines) == 2
    for line in lines:
        entry = json.loads(line)
        assert (entry["recipient"], entry["text"]) == ("+491701234567", _MESSAGE.text)
        assert entry["time"].endswith("+00:00")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_wide_umask_does_not_open_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await _send(tmp_path / "outbox")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o600


async def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    path.touch(mode=0o600)
    path.chmod(0o640)
    outcome = await _send(path)
    assert isinstance(outcome, Rejected)
    assert "0600" in outcome.detail
    assert path.read_bytes() == b""


async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch(mode=0o600)
    (tmp_path / "soft").symlink_to(target)
    assert isinstance(await _send(tmp_path / "soft"), Deferred)
    (tmp_path / "hard").hardlink_to(target)
    assert isinstance(await _send(tmp_path / "hard"), Rejected)
    assert target.read_bytes() == b""


async def test_a_pipe_a_socket_or_a_directory_is_no_outbox(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        (tmp_path / "directory").mkdir()
        for name in ("pipe", "socket", "directory"):
            assert isinstance(await _send(tmp_path / name), Deferred)


async def test_a_directory_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert isinstance(await _send(shared / "outbox"), Rejected)
    assert not (shared / "outbox").exists()


async def test_a_missing_directory_is_said_so(tmp_path: Path) -> None:
    outcome = await _send(tmp_path / "nowhere" / "outbox")
    assert isinstance(outcome, Deferred)
    assert "No such file or directory" in outcome.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
async def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "outbox"
    path.touch(mode=0o600)
    os.chown(path, 12345, 12345)
    assert isinstance(await _send(path), Rejected)


@pytest.mark.parametrize("path", ["outbox", "/var/../outbox", "/", "~/outbox"])
def test_a_path_must_be_absolute_and_plain(path: str) -> None:
    with pytest.raises(BadArgumentError, match="PATH must be an absolute path"):
        Catalogue(GatewaySender, allow_outbox=True).check(
            GatewayDefinition("demo", "outbox", {"PATH": path})
        )


def test_the_default_path_is_the_daemons_state_directory() -> None:
    (outbox,) = (
        each
        for each in Catalogue(GatewaySender, allow_outbox=True).types()
        if each.type_id == "outbox"
    )
    assert [(each.name, each.default) for each in outbox.settings] == [
        ("PATH", "/var/lib/smsotp/outbox")
    ]
