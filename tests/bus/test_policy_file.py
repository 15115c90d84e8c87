# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The bus policy we ship lets in what it should, and nothing else."""

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.daemon import Daemon

NOBODY = 65534
DENIED = "org.freedesktop.DBus.Error.AccessDenied"


async def own(client: Client, name: str) -> None:
    await client.call(
        "org.freedesktop.DBus",
        "RequestName",
        "su",
        [name, 4],
        destination="org.freedesktop.DBus",
        path="/org/freedesktop/DBus",
    )


async def test_nobody_else_may_own_the_name(bus_address: str) -> None:
    async with Client(bus_address, NOBODY) as client:
        with pytest.raises(BusError) as caught:
            await own(client, "org.smsotp1")
    assert caught.value.name == DENIED


async def test_the_daemons_user_may_own_no_other_name(bus_address: str) -> None:
    async with Client(bus_address) as client:
        with pytest.raises(BusError) as caught:
            await own(client, "org.smsotp1.other")
    assert caught.value.name == DENIED


async def test_other_interfaces_do_not_pass_the_bus(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY) as client:
        with pytest.raises(BusError) as caught:
            await client.call("org.freedesktop.DBus.Properties", "GetAll", "s", [ADMIN])
    assert caught.value.name == DENIED


async def test_everybody_may_ping_and_introspect(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY) as client:
        assert await client.call("org.freedesktop.DBus.Peer", "Ping") == []
        assert await client.call("org.freedesktop.DBus.Introspectable", "Introspect")
