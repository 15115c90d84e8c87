# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The three ways through, over the real bus, store, hash and outbox."""

import asyncio

import pytest

from tests.bus.client import BusError, Client
from tests.bus.conftest import MASKED, PHONE, PIN
from tests.bus.daemon import Daemon

GRANTED = [["outcome", "PAM_SUCCESS"]]
DENIED = [["outcome", "PAM_AUTH_ERR"]]


async def test_pin_then_code_is_in(root: Client, daemon: Daemon) -> None:
    transaction, steps = await root.begin("alice")
    assert steps == [["hidden", "PIN: "]]
    assert await root.respond(transaction, PIN) == [["hidden", f"Code sent to {MASKED}: "]]
    assert daemon.messages()[-1]["recipient"] == PHONE
    assert await root.respond(transaction, daemon.code()) == GRANTED


async def test_a_wrong_pin_sends_nothing(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    assert await root.respond(transaction, "86420") == DENIED
    assert daemon.messages() == []


async def test_three_transactions_share_one_code(root: Client, daemon: Daemon) -> None:
    for _ in range(3):
        transaction, _ = await root.begin("alice", rhost="192.0.2.7")
        await root.respond(transaction, PIN)
    assert len(daemon.messages()) == 1


async def test_two_attempts_with_one_field(root: Client, daemon: Daemon) -> None:
    first, _ = await root.begin("alice", "vsftpd")
    steps = await root.respond(first, PIN)
    assert steps[-1] == DENIED[0]
    second, _ = await root.begin("alice", "vsftpd")
    assert await root.respond(second, PIN + daemon.code()) == GRANTED


async def test_a_transaction_id_stands_for_the_pin(root: Client, daemon: Daemon) -> None:
    (daemon.configuration / "smsotpd.d").mkdir()
    drop_in = daemon.configuration / "smsotpd.d/api.toml"
    drop_in.write_text("[policy.api]\ntransaction_id = true\nmode = 'two-attempt'\n")
    daemon.reload()
    transaction, _ = await root.begin("alice", "api")
    steps = await root.respond(transaction, PIN)
    (transaction_id,) = [
        text.removeprefix("Transaction id: ") for _, text in steps if text.startswith("Trans")
    ]
    assert await root.verify(transaction_id, daemon.code()) == "PAM_SUCCESS"
    assert await root.verify(transaction_id, daemon.code()) == "PAM_AUTH_ERR"


async def test_a_used_code_is_refused_after_a_crash(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, PIN)
    code = daemon.code()
    assert await root.respond(transaction, code) == GRANTED
    daemon.kill()
    daemon.restart()
    again, _ = await root.begin("alice")
    await root.respond(again, PIN)
    assert await root.respond(again, code) != GRANTED


async def test_a_code_outlives_a_crash_of_the_daemon(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, PIN)
    daemon.kill()
    daemon.restart()
    with pytest.raises(BusError) as caught:
        await root.respond(transaction, daemon.code())
    assert caught.value.name == "org.smsotp1.Error.NoSuchTransaction"
    again, _ = await root.begin("alice")
    assert await root.respond(again, PIN) == [["hidden", f"Code was already sent to {MASKED}: "]]
    assert await root.respond(again, daemon.code()) == GRANTED
    assert len(daemon.messages()) == 1


async def test_failures_outlive_a_crash_of_the_daemon(root: Client, daemon: Daemon) -> None:
    for _ in range(10):
        transaction, _ = await root.begin("alice")
        await root.respond(transaction, "86420")
    daemon.kill()
    daemon.restart()
    transaction, _ = await root.begin("alice")
    assert await root.respond(transaction, PIN) == DENIED
    assert daemon.messages() == []


async def test_five_hundred_guesses_at_once_are_judged_no_more_often(
    root: Client, daemon: Daemon
) -> None:
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, PIN)
    code = daemon.code()
    wrong = [f"{(int(code) + offset) % 1_000_000:06}" for offset in range(1, 500)]

    async def prove_pin(client: Client) -> str:
        name, _ = await client.begin("alice")
        await client.respond(name, PIN)
        return name

    async def guess(client: Client, name: str, answer: str) -> str:
        try:
            return str(await client.respond(name, answer))
        except BusError as error:
            return error.name

    clients = [Client(daemon.address) for _ in range(4)]
    async with clients[0], clients[1], clients[2], clients[3]:
        names = [await prove_pin(clients[index % 4]) for index in range(500)]
        guesses = [
            guess(clients[index % 4], names[index], answer)
            for index, answer in enumerate([*wrong, code])
        ]
        outcomes = await asyncio.gather(*guesses)
    assert len(daemon.messages()) == 1
    judged_wrong = sum("Wrong code" in text or "Too many wrong" in text for text in outcomes)
    assert judged_wrong == 3
    # The right code was the last of 500: three wrong ones had killed the challenge before.
    assert str(GRANTED) not in outcomes


async def test_the_pin_changes_through_the_bus(root: Client, daemon: Daemon) -> None:
    transaction, steps = await root.begin("alice", "passwd", mode="change-pin")
    assert steps == [["hidden", "Current PIN: "]]
    assert await root.respond(transaction, PIN) == [["hidden", "New PIN: "]]
    steps = await root.respond(transaction, "1234")
    assert [kind for kind, _ in steps] == ["error", "hidden"]
    await root.respond(transaction, "40718")
    assert (await root.respond(transaction, "40718"))[-1] == GRANTED[0]
    login, _ = await root.begin("alice")
    await root.respond(login, "40718")
    assert await root.respond(login, daemon.code()) == GRANTED
