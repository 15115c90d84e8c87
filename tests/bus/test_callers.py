# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Trust: by uid and by connection, never by what is said."""

import asyncio
import pwd

import pytest

from tests.bus.client import ADMIN, AUTHENTICATION, BusError, Client
from tests.bus.conftest import PHONE, PIN
from tests.bus.daemon import Daemon

NOBODY = pwd.getpwnam("nobody")


async def refused(call: object) -> str:
    with pytest.raises(BusError) as caught:
        await call  # type: ignore[misc]  # any coroutine
    return caught.value.name


async def test_a_user_may_not_authenticate_another(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        assert await refused(client.begin("alice")) == "org.smsotp1.Error.NotAuthorized"


async def test_a_user_may_authenticate_itself(root: Client, daemon: Daemon) -> None:
    await root.enrol(NOBODY.pw_name, PHONE, PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        transaction, _ = await client.begin(NOBODY.pw_name, "i3lock")
        await client.respond(transaction, PIN)
        assert await client.respond(transaction, daemon.code()) == [["outcome", "PAM_SUCCESS"]]


async def test_a_user_may_not_administer_where_no_polkit_says_so(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for member, signature, body in (
            ("Status", "", []),
            ("ListUsers", "", []),
            ("UnlockUser", "s", ["alice"]),
            ("ListGateways", "", []),
        ):
            name = await refused(client.call(ADMIN, member, signature, body))
            assert name == "org.smsotp1.Error.NotAuthorized", member


async def test_a_transaction_answers_to_its_own_connection_only(
    root: Client, daemon: Daemon
) -> None:
    transaction, _ = await root.begin("alice")
    async with Client(daemon.address) as other:
        assert (
            await refused(other.respond(transaction, PIN)) == "org.smsotp1.Error.NoSuchTransaction"
        )
        assert await other.call(AUTHENTICATION, "Cancel", "s", [transaction]) == []
    assert (await root.respond(transaction, PIN))[-1][0] == "hidden"


async def transactions(client: Client) -> int:
    (status,) = await client.call(ADMIN, "Status")
    return int(status["transactions"].value)


async def until_no_more_than(client: Client, most: int) -> None:
    while await transactions(client) > most:  # noqa: ASYNC110  # the daemon is another process
        await asyncio.sleep(0.02)


async def test_a_vanished_connection_takes_its_transactions_along(
    root: Client, daemon: Daemon
) -> None:
    async with Client(daemon.address) as other:
        for _ in range(3):
            await other.begin("alice")
        assert await transactions(root) == 3
    async with asyncio.timeout(1):
        await until_no_more_than(root, 0)


async def test_a_cancelled_transaction_is_over(root: Client) -> None:
    transaction, _ = await root.begin("alice")
    await root.call(AUTHENTICATION, "Cancel", "s", [transaction])
    assert await refused(root.respond(transaction, PIN)) == "org.smsotp1.Error.NoSuchTransaction"


async def test_a_finished_transaction_takes_no_second_answer(root: Client) -> None:
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, "86420")
    assert await refused(root.respond(transaction, PIN)) == "org.smsotp1.Error.NoSuchTransaction"


async def test_another_users_transaction_id_is_of_no_use(root: Client, daemon: Daemon) -> None:
    (daemon.configuration / "smsotpd.d").mkdir()
    (daemon.configuration / "smsotpd.d/api.toml").write_text(
        "[policy.api]\ntransaction_id = true\nmode = 'two-attempt'\n"
    )
    daemon.reload()
    transaction, _ = await root.begin("alice", "api")
    steps = await root.respond(transaction, PIN)
    transaction_id = steps[1][1].removeprefix("Transaction id: ")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        verify = client.verify(transaction_id, daemon.code())
        assert await refused(verify) == "org.smsotp1.Error.NotAuthorized"


async def test_one_connection_cannot_take_all_places(root: Client, daemon: Daemon) -> None:
    async with Client(daemon.address) as greedy:
        for _ in range(256):
            await greedy.begin("alice")
        assert await refused(greedy.begin("alice")) == "org.smsotp1.Error.Busy"
        assert (await root.begin("alice"))[1] == [["hidden", "PIN: "]]
    async with asyncio.timeout(1):
        await until_no_more_than(root, 1)
