# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Files in /etc/pam.d are replaced wholly or not at all."""

import os
from pathlib import Path

import pytest

from smsotpd.cli.errors import CliError, RefusalError
from smsotpd.cli.pam.files import PamDirectory


@pytest.fixture
def directory(tmp_path: Path) -> PamDirectory:
    (tmp_path / "pam.d").mkdir()
    return PamDirectory(tmp_path / "pam.d", tmp_path / "backups")


def put(directory: PamDirectory, content: bytes, mode: int = 0o644) -> Path:
    path = directory.path / "test"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_any_bytes_survive(directory: PamDirectory) -> None:
    content = bytes(range(256)) * 3
    path = put(directory, content)

    file = directory.read("test")
    backup = directory.back_up(file)
    directory.replace(file, file.text)

    assert path.read_bytes() == content
    assert backup.read_bytes() == content


def test_mode_and_extended_attributes_stay(directory: PamDirectory) -> None:
    path = put(directory, b"old", 0o640)
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        attributes = []
    else:
        attributes = ["user.note"]

    directory.replace(directory.read("test"), "new")

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [name for name in os.listxattr(path) if name.startswith("user.")] == attributes


def test_a_change_by_somebody_else_is_not_overwritten(directory: PamDirectory) -> None:
    path = put(directory, b"old")
    file = directory.read("test")
    path.write_bytes(b"theirs")

    with pytest.raises(RefusalError, match="changed meanwhile"):
        directory.replace(file, "ours")

    assert path.read_bytes() == b"theirs"
    assert [entry.name for entry in directory.path.iterdir()] == ["test"]


def test_a_disk_that_takes_no_more_leaves_the_file_alone(
    directory: PamDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(directory, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        directory.replace(directory.read("test"), "new")

    assert path.read_bytes() == b"old"
    assert [entry.name for entry in directory.path.iterdir()] == ["test"]


def test_what_is_no_plain_file_is_refused(directory: PamDirectory) -> None:
    (directory.path / "folder").mkdir()
    os.mkfifo(directory.path / "pipe")
    (directory.path / "large").write_bytes(b"x" * 300_000)

    for name in ("folder", "pipe", "large"):
        with pytest.raises(CliError):
            directory.read(name)


def test_files_of_editors_and_packages_are_no_services(directory: PamDirectory) -> None:
    for name in ("sshd", ".sshd.swp", "sshd~", "sub/x"):
        path = directory.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")

    assert directory.names() == ["sshd"]
