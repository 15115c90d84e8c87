# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A lock file in a directory that everybody may write to: nothing found there is trusted."""

import os
import subprocess
from pathlib import Path

import pytest

from smsotpd.modem.errors import LineError
from smsotpd.modem.lock_file import LockFile

NAME = "LCK..ttyUSB2"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


def gone() -> int:
    """Return the id of a process that has ended."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


def test_the_file_holds_the_process_in_eleven_octets_and_goes_with_the_port(path: Path) -> None:
    lock = LockFile("ttyUSB2", path.parent)
    assert path.read_bytes() == b"%10d\n" % os.getpid()
    assert len(path.read_bytes()) == 11
    lock.release()
    assert not path.exists()
    lock.release()


def test_the_lock_of_a_process_that_is_gone_is_replaced(path: Path) -> None:
    path.write_bytes(b"%10d\n" % gone())
    LockFile("ttyUSB2", path.parent)
    assert path.read_bytes() == b"%10d\n" % os.getpid()


@pytest.mark.parametrize(
    "content",
    [b"%10d\n" % os.getpid(), b"%10d\n" % 1, b"", b"nobody\n", b"         0\n", b"        -1\n",
     b"9999999999\n", b"\x00\x00\x30\x39", b"%10d\nx" % 1, b" " * 5000],
    ids=["ours", "not ours to signal", "still empty", "no number", "zero", "negative", "too large",
         "binary", "more than it", "endless"],
)  # fmt: skip
def test_any_other_lock_is_respected(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LineError, match=f"it has the lock file .*{NAME}"):
        LockFile("ttyUSB2", path.parent)
    assert path.read_bytes() == content


def test_a_link_is_neither_followed_nor_removed(path: Path) -> None:
    victim = path.parent / "victim"
    victim.write_bytes(b"%10d\n" % gone())
    path.symlink_to(victim)
    with pytest.raises(LineError, match="it has the lock file"):
        LockFile("ttyUSB2", path.parent)
    assert path.is_symlink()
    assert victim.exists()


def test_a_dangling_link_makes_no_file_elsewhere(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")
    with pytest.raises(LineError, match="it has the lock file"):
        LockFile("ttyUSB2", path.parent)
    assert not (path.parent / "elsewhere").exists()


def test_a_fifo_makes_nobody_wait(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(LineError, match="it has the lock file"):
        LockFile("ttyUSB2", path.parent)


def test_a_directory_is_no_lock_of_ours(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LineError, match="it has the lock file"):
        LockFile("ttyUSB2", path.parent)


def test_a_lock_that_another_has_taken_over_is_left_alone(path: Path) -> None:
    lock = LockFile("ttyUSB2", path.parent)
    other = path.parent / "other"
    other.write_bytes(b"%10d\n" % 1)
    other.replace(path)
    lock.release()
    assert path.read_bytes() == b"%10d\n" % 1


def test_a_directory_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LineError, match=r"see ReadWritePaths in modem\.conf"):
        LockFile("ttyUSB2", tmp_path / "absent")
