# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Groups come from the system's accounts; whom nobody knows has none."""

import time

import pytest

from smsotpd.kernel import accounts
from smsotpd.kernel.accounts import NssAccounts


async def test_root_is_in_its_own_group() -> None:
    assert "root" in (await NssAccounts().groups("root") or ())


@pytest.mark.parametrize("user", ["nobody-of-that-name", "a\0b", ""])
async def test_whom_nobody_knows_has_no_groups(user: str) -> None:
    assert await NssAccounts().groups(user) is None


async def test_a_directory_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(accounts, "_SECONDS", 0.05)
    monkeypatch.setattr(accounts, "_groups", lambda _user: time.sleep(0.3))
    assert await NssAccounts().groups("root") is None
