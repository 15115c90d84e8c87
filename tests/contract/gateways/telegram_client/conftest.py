# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A Telegram of our own on the loopback, for the unmodified Telethon that is installed."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.fakes.mtproto.world import API_HASH, API_ID, World

if TYPE_CHECKING:
    from tests.fakes.mtproto.key_exchange import ServerKey
    from tests.fakes.mtproto.server import Server


class Post:
    """Begin servers, and say how a gateway reaches them."""

    def __init__(self, server_key: "ServerKey") -> None:
        self._server_key = server_key

    @contextmanager
    def serving(self, world: World, *dcs: int) -> Iterator["Server"]:
        from tests.fakes.mtproto.server import Server  # noqa: PLC0415  # needs Telethon

        with Server(world, self._server_key, dcs or (world.home_dc,)) as server:
            yield server
        assert server.violations == []

    @staticmethod
    def settings(server: "Server") -> dict[str, str]:
        return {"api_id": str(API_ID), "test_server": server.address}

    @staticmethod
    def secrets(session: str = "") -> dict[str, str]:
        return {"api_hash": API_HASH} | ({"session": session} if session else {})


@pytest.fixture(scope="session")
def post() -> Post:
    is_installed = importlib.util.find_spec("telethon") is not None
    if not is_installed and os.environ.get("CI") != "true":
        pytest.skip("needs Debian's package python3-telethon")
    assert is_installed, "python3-telethon is not installed"
    from tests.fakes.mtproto.key_exchange import ServerKey  # noqa: PLC0415  # needs Telethon

    return Post(ServerKey())
