# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What was used once, or is another's, used again: codes of every kind, ids, names."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

import pyotp
import pytest
import pytest_asyncio

from tests.attacks.polkit import polkit_that_says
from tests.attacks.test_local_users import NOBODY
from tests.bus.client import ADMIN, AUTHENTICATION, BusError, Client
from tests.bus.conftest import PHONE, PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

GRANTED: Final = ["outcome", "PAM_SUCCESS"]
PLACES: Final = (("sshd", "192.0.2.1"), ("sshd", "192.0.2.2"), ("sudo", ""), ("sshd", ""))
BY_ID: Final = "[policy.api]\ntransaction_id = true\nmode = 'two-attempt'\n"


async def ends(client: Client, code: str, service: str, rhost: str, user: str = "alice") -> bool:
    """Log in by PIN and a code that is tried as often as the prompt allows; tell if it let in."""
    transaction, steps = await client.begin(user, service, rhost=rhost, mode="conversation")
    steps = await client.respond(transaction, PIN)
    for _ in range(3):
        if steps[-1][0] == "outcome":
            break
        steps = await client.respond(transaction, code)
    return steps[-1] == GRANTED


async def used_codes(root: Client, daemon: Daemon) -> dict[str, str]:
    """Use one code of each kind, and return them."""
    codes = {}
    (offer,) = await root.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    app = pyotp.TOTP(offer["seed"].value)
    codes["confirmed"] = app.now()
    await root.call(
        ADMIN, "ConfirmAuthenticator", "ss", [offer["authenticator"].value, codes["confirmed"]]
    )
    codes["app"] = app.at(datetime.now().astimezone(), 1)
    (recovery,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    (older,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    codes["of an older set"], codes["recovery"] = recovery[0], older[0]
    (codes["glass that was replaced"],) = await root.call(
        ADMIN, "BreakGlass", "sus", ["alice", 900, "first"]
    )
    (codes["glass"],) = await root.call(ADMIN, "BreakGlass", "sus", ["alice", 900, "second"])
    for kind in ("app", "recovery", "glass"):
        assert await ends(root, codes[kind], *PLACES[0]), kind
    transaction, _ = await root.begin("alice", PLACES[0][0], rhost=PLACES[0][1])
    await root.respond(transaction, PIN)
    codes["sent"] = daemon.code()
    assert (await root.respond(transaction, codes["sent"]))[-1] == GRANTED
    return codes


@pytest_asyncio.fixture
async def patient(root: Client, daemon: Daemon) -> AsyncIterator[Client]:
    """Lock nobody and use up no budget, so that what refuses a code is that it was used."""
    (daemon.configuration / "smsotpd.d").mkdir()
    (daemon.configuration / "smsotpd.d/patient.toml").write_text(
        "[limits]\nfailures_to_lock = 100\nfailures_without_delay = 100\n"
        "guesses_per_phone_and_hour = 1000\nguesses_per_origin_and_hour = 1000\n"
        "sends_per_origin_and_day = 1000\nsends_per_user_and_day = 1000\n"
        "sends_per_phone_and_day = 1000\n" + BY_ID
    )
    daemon.reload()
    yield root


async def test_no_code_of_any_kind_lets_in_again_anywhere(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    codes = await used_codes(patient, daemon)
    for restarted in (False, True):
        if restarted:
            daemon.kill()
            daemon.restart()
        async with Client(daemon.address) as client:
            for kind, code in codes.items():
                for place in PLACES[restarted * 2 :][:2]:
                    tried()
                    assert not await ends(client, code, *place), (kind, place)
                tried()
                with pytest.raises(BusError):
                    await client.call(ADMIN, "ConfirmEnrolment", "ss", ["", code])
            transaction, _ = await client.begin("alice", "login", rhost="192.0.2.9")
            await client.respond(transaction, PIN)
            steps = await client.respond(transaction, daemon.code())
            assert steps[-1] == GRANTED, "no limit was what refused them"


async def test_a_code_is_of_no_use_to_another_user_service_or_host(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    await patient.enrol("bob", "+4915112345600", PIN)
    transaction, _ = await patient.begin("alice", "sshd", rhost="192.0.2.1")
    await patient.respond(transaction, PIN)
    code = daemon.code()
    for user, service, rhost in (
        ("bob", "sshd", "192.0.2.1"),
        ("alice", "sudo", "192.0.2.1"),
        ("alice", "sshd", "192.0.2.2"),
        ("alice", "sshd", ""),
    ):
        tried()
        assert not await ends(patient, code, service, rhost, user), (user, service, rhost)
    assert (await patient.respond(transaction, code))[-1] == GRANTED


async def test_a_code_that_a_newer_one_replaced_is_dead(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    transaction, _ = await patient.begin("alice")
    await patient.respond(transaction, PIN)
    older = daemon.code()
    await patient.respond(transaction, "r")
    assert len(daemon.messages()) == 2
    tried(3)
    for _ in range(3):
        assert older != daemon.code()
        steps = await patient.respond(transaction, older)
        assert steps[-1] != GRANTED


async def test_a_transaction_id_is_good_once_and_for_its_own_code(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    ids = []
    for _ in range(3):
        transaction, _ = await patient.begin("alice", "api")
        steps = await patient.respond(transaction, PIN)
        name = next(text for _, text in steps if text.startswith("Transaction id: "))
        ids.append((name.removeprefix("Transaction id: "), daemon.code()))
        if len(ids) == 1:
            assert await patient.verify(*ids[0]) == "PAM_SUCCESS"
    newest, code = ids[-1]
    assert newest not in {each for each, _ in ids[:-1]}
    for name in (ids[0][0], ids[1][0], newest[:-1], newest.upper(), newest + "a", "", "0" * 26):
        if name in {newest, ids[1][0]} and ids[1][0] == newest:
            continue
        tried()
        assert await patient.verify(name, code) != "PAM_SUCCESS", name
    daemon.kill()
    daemon.restart()
    async with Client(daemon.address) as later:
        tried(2)
        assert await later.verify(newest, code) == "PAM_SUCCESS", "its code was never used"
        assert await later.verify(newest, code) != "PAM_SUCCESS"
        assert await later.verify(*ids[0]) != "PAM_SUCCESS"


async def test_a_transaction_that_is_over_or_anothers_is_none(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    await patient.enrol("nobody", "+4915112345601", PIN)
    over, _ = await patient.begin("alice")
    await patient.respond(over, PIN)
    await patient.respond(over, daemon.code())
    denied, _ = await patient.begin("alice")
    await patient.respond(denied, "86420")
    cancelled, _ = await patient.begin("alice")
    await patient.call(AUTHENTICATION, "Cancel", "s", [cancelled])
    alive, _ = await patient.begin("alice")
    await patient.respond(alive, PIN)
    code = daemon.code()
    async with Client(daemon.address) as left:
        gone, _ = await left.begin("alice")
    names = {over, denied, cancelled, gone, "", alive[:-1], alive.upper(), f"{alive} "}
    async with (
        Client(daemon.address) as second,
        Client(daemon.address, NOBODY.pw_uid) as stranger,
    ):
        for client in (patient, second, stranger):
            for name in names | ({alive} if client is not patient else set()):
                for typed in (PIN, code):
                    tried()
                    with pytest.raises(BusError, match="NoSuchTransaction"):
                        await client.respond(name, typed)
                tried()
                await client.call(AUTHENTICATION, "Cancel", "s", [name])
    assert (await patient.respond(alive, code))[-1] == GRANTED


async def test_what_was_confirmed_is_not_confirmed_again(
    patient: Client, daemon: Daemon, tried: Tried
) -> None:
    name = await patient.enrol("bob", "+4915112345600", PIN, verify=True)
    code = daemon.code()
    await patient.call(ADMIN, "ConfirmEnrolment", "ss", [name, code])
    await patient.call(ADMIN, "RemoveUser", "s", ["bob"])
    (offer,) = await patient.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    body = [offer["authenticator"].value, pyotp.TOTP(offer["seed"].value).now()]
    await patient.call(ADMIN, "ConfirmAuthenticator", "ss", body)
    await patient.call(ADMIN, "RemoveAuthenticator", "s", ["alice"])
    waiting = await patient.enrol("carol", "+4915112345602", PIN, verify=True)
    newest = daemon.code()
    attempts = [
        ("ConfirmEnrolment", [name, code]),
        ("ConfirmAuthenticator", body),
        ("ConfirmAuthenticator", [waiting, newest]),
        ("ConfirmEnrolment", [body[0], newest]),
    ]
    for member, again in attempts:
        tried()
        with pytest.raises(BusError, match="NotFound"):
            await patient.call(ADMIN, member, "ss", again)
    async with (
        polkit_that_says(daemon.address, yes=False),
        Client(daemon.address, NOBODY.pw_uid) as stranger,
    ):
        tried()
        with pytest.raises(BusError, match="NotAuthorized"):
            await stranger.call(ADMIN, "ConfirmEnrolment", "ss", [waiting, newest])
    (users,) = await patient.call(ADMIN, "ListUsers")
    assert {user["user"].value for user in users} == {"alice"}
    assert PHONE.endswith(users[0]["phone"].value[-2:])
