# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A directory of accounts in memory."""


class FakeAccounts:
    """Know the groups that a test says there are."""

    def __init__(self) -> None:
        self.by_user: dict[str, frozenset[str] | None] = {}
        self.names: dict[int, str | None] = {}

    async def groups(self, user: str) -> frozenset[str] | None:
        return self.by_user.get(user, frozenset())

    async def name(self, uid: int) -> str | None:
        return self.names.get(uid, "")
