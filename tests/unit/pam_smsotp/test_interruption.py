# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Reading pending signals from the kernel's status text."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from pam_smsotp import interruption

if TYPE_CHECKING:
    from pathlib import Path

STATUS = "Name:\tsudo\nSigQ:\t0/1\nSigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t0000000000004006\n"


def bit(number: int) -> int:
    return 1 << (number - 1)


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM], ids=str
)
def test_a_stop_signal_is_seen_in_either_mask(number: int) -> None:
    assert interruption.has_stop_signal(STATUS.format(bit(number), 0).encode())
    assert interruption.has_stop_signal(STATUS.format(0, bit(number)).encode())


@pytest.mark.parametrize("number", [signal.SIGCHLD, signal.SIGWINCH, signal.SIGALRM], ids=str)
def test_another_pending_signal_stops_nothing(number: int) -> None:
    assert not interruption.has_stop_signal(STATUS.format(bit(number), bit(number)).encode())


def test_a_blocked_signal_that_nobody_sent_stops_nothing() -> None:
    assert not interruption.has_stop_signal(STATUS.format(0, 0).encode())


def test_a_text_of_another_kind_stops_nothing() -> None:
    assert not interruption.has_stop_signal(b"")


@pytest.mark.parametrize("status", ["absent", ""], ids=["no /proc", "unreadable"])
def test_without_the_kernels_text_nothing_is_pending(
    status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruption, "STATUS", str(tmp_path / status))
    assert not interruption.is_pending()


def test_the_kernel_tells_of_a_signal_that_this_thread_blocks() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        assert not interruption.is_pending()
        # To this thread alone: another of the test runner's would take it.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        assert interruption.is_pending()
    finally:
        signal.sigtimedwait({signal.SIGINT}, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
