# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The state is open to nobody else, and what somebody else may have touched is refused."""

import os
import stat
from pathlib import Path

import pytest

from smsotpd.core.errors import ConfigurationError
from smsotpd.store.files import create_private_file
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.unit.store.children import NOBODY
from tests.unit.store.counting import count_one


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    open_store(state).close()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_everything_is_private_from_the_start_whatever_the_umask(
    tmp_path: Path, umask: int
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    before = os.umask(umask)
    try:
        with open_store(state) as store:
            count_one(store)
            modes = {path.name: mode(path) for path in state.iterdir()}
    finally:
        os.umask(before)
    assert modes == {DATABASE_NAME: 0o600, f"{DATABASE_NAME}-wal": 0o600}
    assert mode(state) == 0o700


def test_a_missing_state_directory_is_made_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        open_store(tmp_path / "state").close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "state") == 0o700


@pytest.mark.parametrize("bits", [0o710, 0o701, 0o750, 0o777])
def test_an_open_state_directory_is_refused_with_the_command_that_mends_it(
    state: Path, bits: int
) -> None:
    state.chmod(bits)
    with pytest.raises(ConfigurationError, match="run: chmod 0700 ") as caught:
        open_store(state)
    assert caught.value.path == str(state)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o666])
def test_an_open_file_is_refused_with_the_command_that_mends_it(
    state: Path, suffix: str, bits: int
) -> None:
    file = state / (DATABASE_NAME + suffix)
    file.touch()
    file.chmod(bits)
    with pytest.raises(ConfigurationError, match=f"run: chmod 0600 .*{DATABASE_NAME}{suffix}$"):
        open_store(state)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_symbolic_link_in_place_of_a_file_is_refused(
    state: Path, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    target.chmod(0o600)
    link = state / (DATABASE_NAME + suffix)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        open_store(state)
    assert target.read_bytes() == b"precious"


def test_a_dangling_link_in_place_of_the_database_creates_nothing(
    state: Path, tmp_path: Path
) -> None:
    (state / DATABASE_NAME).unlink()
    (state / DATABASE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        open_store(state)
    assert not (tmp_path / "elsewhere").exists()


def test_a_hard_link_to_the_database_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "second").hardlink_to(state / DATABASE_NAME)
    with pytest.raises(ConfigurationError, match="hard link"):
        open_store(state)


def test_a_symbolic_link_in_place_of_the_directory_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(state, target_is_directory=True)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        open_store(tmp_path / "link")


def test_a_file_in_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(ConfigurationError, match="not a directory"):
        open_store(tmp_path / "state")


@pytest.mark.parametrize("name", ["", DATABASE_NAME])
def test_what_belongs_to_somebody_else_is_refused(
    state: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(state / name, NOBODY, NOBODY)
    else:  # nobody can give a file away, so we are somebody else instead
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY - 1)
    with pytest.raises(ConfigurationError, match=r"belongs to uid \d+, not to uid \d+; run: chown"):
        open_store(state)


def test_a_private_file_never_follows_or_replaces_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("link", "target"):
        with pytest.raises(FileExistsError):
            create_private_file(tmp_path / name, b"x")
    assert (tmp_path / "target").read_text() == "precious"
