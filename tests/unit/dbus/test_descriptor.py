# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets by file descriptor: any kind of file, bounded in size and time."""

import asyncio
import os
import select

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.dbus import descriptor
from smsotpd.dbus.caller import Caller
from smsotpd.dbus.descriptor import read_secret, read_secrets
from smsotpd.dbus.method import Call


def call(*descriptors: int) -> Call:
    return Call(Caller(":1.1", 0), [], descriptors)


def memfd(content: bytes) -> int:
    made = os.memfd_create("test")
    os.write(made, content)
    os.lseek(made, 0, os.SEEK_SET)
    return made


async def test_a_memfd_is_read_to_its_end() -> None:
    assert (await read_secret(call(memfd(b"73915")), 0)).reveal() == "73915"


async def test_a_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"739")
    os.write(writer, b"15")
    os.close(writer)
    assert (await read_secret(call(reader), 0)).reveal() == "73915"


async def test_a_pipe_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptor, "_SECONDS", 0.05)
    reader, _writer = os.pipe()
    with pytest.raises(BadArgumentError, match="did not end"):
        await read_secret(call(reader), 0)


@pytest.mark.parametrize(
    ("path", "flags"), [("/", os.O_RDONLY), (os.devnull, os.O_WRONLY), ("/", os.O_PATH)]
)
async def test_what_cannot_be_read_is_refused_in_words(path: str, flags: int) -> None:
    opened = os.open(path, flags)
    with pytest.raises(BadArgumentError, match=r"cannot be read|did not end"):
        await read_secret(call(opened), 0)
    os.close(opened)


async def test_one_that_hangs_takes_no_thread_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a file does whose server hangs: ready to be read, and silent."""

    class Ready:
        def register(self, _descriptor: int, _events: int) -> None:
            pass

        def poll(self, _milliseconds: float) -> list[int]:
            return [1]

    monkeypatch.setattr(select, "poll", Ready)
    pipes = [os.pipe() for _ in range(40)]
    hanging = [asyncio.ensure_future(read_secret(call(reader), 0)) for reader, _ in pipes]
    await asyncio.sleep(0)  # they have their turn first
    try:
        async with asyncio.timeout(10):
            assert (await read_secret(call(memfd(b"73915")), 0)).reveal() == "73915"
    finally:
        for _, writer in pipes:
            os.close(writer)
    assert {secret.reveal() for secret in await asyncio.gather(*hanging)} == {""}
    for reader, _ in pipes:
        os.close(reader)


@pytest.mark.parametrize("index", [1, -1, "0", None])
async def test_a_descriptor_that_is_not_there_is_refused(index: object) -> None:
    with pytest.raises(BadArgumentError, match="missing"):
        await read_secret(call(memfd(b"x")), index)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * 70_000])
async def test_what_is_no_text_of_that_size_is_refused(content: bytes) -> None:
    with pytest.raises(BadArgumentError) as caught:
        await read_secret(call(memfd(content)), 0)
    assert "aaa" not in str(caught.value)


async def test_an_object_of_texts_is_many_secrets() -> None:
    secrets = await read_secrets(call(memfd(b'{"PASSWORD": "hush"}')), 0)
    assert secrets["PASSWORD"].reveal() == "hush"
    assert "hush" not in repr(secrets)
    assert await read_secrets(call(memfd(b"")), 0) == {}
