# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The digest key is random, private, and the same at every start."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.core.errors import ConfigurationError, UnavailableError
from smsotpd.store.files import create_private_file
from smsotpd.store.key import KEY_BYTES, KEY_NAME, load_or_create_key
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.unit.store.children import NOBODY, Report, child, limit_file_size, run

NO_CREDENTIALS: dict[str, str] = {}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return state


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    directory = tmp_path / "credentials"
    directory.mkdir()
    file = directory / KEY_NAME
    file.write_bytes(b"\x07" * 40)
    file.chmod(0o400)
    return file


def with_credential(credential: Path) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(credential.parent)}


def test_a_key_is_made_once_and_stays(state: Path) -> None:
    key = load_or_create_key(state, NO_CREDENTIALS)
    assert len(key) == KEY_BYTES
    assert load_or_create_key(state, NO_CREDENTIALS) == key
    assert [path.name for path in state.iterdir()] == [KEY_NAME]
    assert (state / KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_two_states_have_two_keys(tmp_path: Path) -> None:
    keys = {load_or_create_key(tmp_path / str(number), NO_CREDENTIALS) for number in range(20)}
    assert len(keys) == 20


def test_a_start_that_was_cut_short_leaves_no_half_key(state: Path) -> None:
    fresh = state / f"{KEY_NAME}.new"
    fresh.write_bytes(b"half")
    key = load_or_create_key(state, NO_CREDENTIALS)
    assert len(key) == KEY_BYTES
    assert not fresh.exists()


def test_a_full_disk_leaves_no_half_key(state: Path) -> None:
    def work(report: Report) -> None:
        limit_file_size(KEY_BYTES // 2)
        try:
            load_or_create_key(state, NO_CREDENTIALS)
        except UnavailableError as error:
            report(str(error))

    (line,) = run(work)
    assert f"{state / KEY_NAME} cannot be made" in line
    assert not (state / KEY_NAME).exists()
    assert len(load_or_create_key(state, NO_CREDENTIALS)) == KEY_BYTES


def test_a_credential_comes_before_a_stored_key_and_makes_none(
    state: Path, credential: Path
) -> None:
    assert load_or_create_key(state, with_credential(credential)) == b"\x07" * 40
    assert list(state.iterdir()) == []


def test_a_credential_directory_without_our_key_means_the_stored_one(
    state: Path, tmp_path: Path
) -> None:
    stored = load_or_create_key(state, NO_CREDENTIALS)
    assert load_or_create_key(state, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == stored


def test_a_credential_that_systemd_opens_by_an_access_list_is_taken(
    state: Path, credential: Path
) -> None:
    credential.chmod(0o440)  # the group bits show the list's mask
    assert len(load_or_create_key(state, with_credential(credential))) == 40


@pytest.mark.parametrize("bits", [0o404, 0o444, 0o602])
def test_a_credential_that_everybody_may_touch_is_refused(
    state: Path, credential: Path, bits: int
) -> None:
    credential.chmod(bits)
    with pytest.raises(ConfigurationError, match="open to others"):
        load_or_create_key(state, with_credential(credential))


def test_a_credential_that_is_a_link_is_refused(state: Path, credential: Path) -> None:
    moved = credential.rename(credential.with_name("moved"))
    credential.symlink_to(moved)
    with pytest.raises(ConfigurationError, match="symbolic link is not followed"):
        load_or_create_key(state, with_credential(credential))


def test_a_credential_that_is_a_pipe_is_refused_without_waiting(
    state: Path, credential: Path
) -> None:
    credential.unlink()
    os.mkfifo(credential, 0o400)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        load_or_create_key(state, with_credential(credential))


@pytest.mark.parametrize("length", [0, 1, 31, 4097])
def test_a_key_of_the_wrong_length_is_refused(state: Path, credential: Path, length: int) -> None:
    (state / KEY_NAME).write_bytes(b"k" * length)
    (state / KEY_NAME).chmod(0o600)
    with pytest.raises(ConfigurationError, match="32 to 4096 random bytes") as caught:
        load_or_create_key(state, NO_CREDENTIALS)
    assert caught.value.path == str(state / KEY_NAME)
    credential.chmod(0o600)
    credential.write_bytes(b"k" * length)
    with pytest.raises(ConfigurationError, match="32 to 4096 random bytes"):
        load_or_create_key(state, with_credential(credential))


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o644])
def test_a_stored_key_that_is_open_to_others_is_refused(state: Path, bits: int) -> None:
    load_or_create_key(state, NO_CREDENTIALS)
    (state / KEY_NAME).chmod(bits)
    with pytest.raises(ConfigurationError, match="run: chmod 0600"):
        load_or_create_key(state, NO_CREDENTIALS)


def test_a_stored_key_behind_a_link_is_refused(state: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"k" * 32)
    (tmp_path / "target").chmod(0o600)
    (state / KEY_NAME).symlink_to(tmp_path / "target")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        load_or_create_key(state, NO_CREDENTIALS)


def test_a_dangling_link_in_place_of_the_key_creates_nothing(state: Path, tmp_path: Path) -> None:
    (state / KEY_NAME).symlink_to(tmp_path / "target")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        load_or_create_key(state, NO_CREDENTIALS)
    assert not (tmp_path / "target").exists()


def test_a_stored_key_of_somebody_else_is_refused(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_or_create_key(state, NO_CREDENTIALS)
    if os.geteuid() == 0:
        os.chown(state / KEY_NAME, NOBODY, NOBODY)
    else:  # nobody can give a file away, so we are somebody else instead
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY - 1)
    with pytest.raises(ConfigurationError, match="belongs to uid"):
        load_or_create_key(state, NO_CREDENTIALS)


def test_a_key_in_an_open_directory_is_refused(state: Path) -> None:
    state.chmod(0o755)
    with pytest.raises(ConfigurationError, match="chmod 0700"):
        load_or_create_key(state, NO_CREDENTIALS)


def test_a_lost_key_is_not_replaced_while_there_is_a_database(state: Path) -> None:
    key = load_or_create_key(state, NO_CREDENTIALS)
    open_store(state).close()
    (state / KEY_NAME).rename(state / "backup")
    with pytest.raises(ConfigurationError, match=r"is missing.*from a backup") as caught:
        load_or_create_key(state, NO_CREDENTIALS)
    assert caught.value.path == str(state / KEY_NAME)
    assert not (state / KEY_NAME).exists()
    (state / "backup").rename(state / KEY_NAME)
    assert load_or_create_key(state, NO_CREDENTIALS) == key


def test_a_start_that_was_cut_short_before_there_were_tables_can_be_repeated(state: Path) -> None:
    create_private_file(state / DATABASE_NAME)
    assert len(load_or_create_key(state, NO_CREDENTIALS)) == KEY_BYTES


def test_a_credential_replaces_the_stored_key_if_it_is_the_same(
    state: Path, credential: Path
) -> None:
    key = load_or_create_key(state, NO_CREDENTIALS)
    open_store(state).close()
    credential.chmod(0o600)
    credential.write_bytes(key)
    assert load_or_create_key(state, with_credential(credential)) == key
    (state / KEY_NAME).unlink()
    assert load_or_create_key(state, with_credential(credential)) == key


def test_a_credential_that_differs_from_the_stored_key_is_refused(
    state: Path, credential: Path
) -> None:
    load_or_create_key(state, NO_CREDENTIALS)
    with pytest.raises(ConfigurationError, match="differs from") as caught:
        load_or_create_key(state, with_credential(credential))
    assert str(credential) in str(caught.value)


def test_of_two_that_start_at_once_both_get_one_key(state: Path) -> None:
    def work(report: Report) -> None:
        report(load_or_create_key(state, NO_CREDENTIALS).hex())

    for _ in range(10):
        (state / KEY_NAME).unlink(missing_ok=True)
        lines = _at_once(work)
        assert len(set(lines)) == 1
        assert lines[0] == (state / KEY_NAME).read_bytes().hex()


def _at_once(work: Callable[[Report], None]) -> list[str]:
    with child(work) as first, child(work) as second, child(work) as third:
        return [process.line() for process in (first, second, third)]
