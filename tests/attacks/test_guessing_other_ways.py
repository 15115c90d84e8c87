# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Guessing five hundred times at once at whatever else lets in, or makes something count.

Authenticator, recovery and break-glass codes, PIN and code in one, transaction ids, self-service,
codes that prove a new address: exactly as many are judged as are allowed one after the other.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import pyotp
import pytest
import pytest_asyncio

from tests.attacks.test_guessing import CONNECTIONS, EACH, WRONG_PIN, answer, failures
from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PHONE, PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

SELF: Final = "org.smsotp1.SelfService"
AT_ONCE: Final = CONNECTIONS * EACH
DENIED: Final = {"PAM_AUTH_ERR", "PAM_MAXTRIES"}
ENROLS: Final = '[policy.sshd]\nunenrolled = "enrol"\n'
BY_ID: Final = "[policy.api]\ntransaction_id = true\nmode = 'two-attempt'\n"


@pytest_asyncio.fixture
async def crowd(daemon: Daemon) -> AsyncIterator[list[Client]]:
    """Connect many terminals whom the daemon knows: of others it takes eight calls at once."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Client(daemon.address)) for _ in range(CONNECTIONS)
        ]
        for client in clients:
            await client.call(ADMIN, "ListGateways")
        yield clients


def configure(daemon: Daemon, text: str) -> None:
    (daemon.configuration / "smsotpd.d").mkdir(exist_ok=True)
    (daemon.configuration / "smsotpd.d/attack.toml").write_text(text)
    daemon.reload()


async def at_all_prompts(
    crowd: Sequence[Client], typed: Callable[[int], str], *proofs: str, **context: str
) -> Counter[str]:
    """Begin logins for many services, prove what comes first, and answer all at once."""
    opened = []
    for number, client in enumerate(itertools.islice(itertools.cycle(crowd), AT_ONCE)):
        service = f"service{number % 5}"
        transaction, _ = await client.begin("alice", service, rhost="192.0.2.1", **context)
        for proof in proofs:
            await client.respond(transaction, proof)
        opened.append((client, transaction))
    async with asyncio.timeout(120):
        ends = await asyncio.gather(
            *(answer(*login, typed(number)) for number, login in enumerate(opened))
        )
    return Counter(text for _, text in ends)


def wrong_spare(letter: str) -> Callable[[int], str]:
    """Return codes of the right shape, each another, none of which was ever made."""
    return lambda number: f"{letter}{'A' * 12}{number:03}".translate(str.maketrans("0189", "WXYZ"))


async def give_all_ways(root: Client) -> list[str]:
    """Give alice an app, recovery codes and a break-glass code; return the spare codes."""
    (offer,) = await root.call(ADMIN, "AddAuthenticator", "su", ["alice", 6])
    code = pyotp.TOTP(offer["seed"].value).now()
    await root.call(ADMIN, "ConfirmAuthenticator", "ss", [offer["authenticator"].value, code])
    (codes,) = await root.call(ADMIN, "RenewRecoveryCodes", "s", ["alice"])
    (glass,) = await root.call(ADMIN, "BreakGlass", "sus", ["alice", 900, "attack"])
    return [*codes, glass]


@pytest.mark.parametrize("kind", ["six digits", "A", "C", "Z", "all kinds"])
async def test_five_hundred_codes_of_any_kind_at_once_get_ten_answers(
    root: Client, crowd: list[Client], tried: Tried, kind: str
) -> None:
    spare = await give_all_ways(root)
    kinds: list[Callable[[int], str]] = [
        lambda number: f"{number:06}",
        *(wrong_spare(letter) for letter in "ACZ"),
    ]
    typed = {
        "six digits": kinds[0],
        "all kinds": lambda number: kinds[number % len(kinds)](number),
    }.get(kind, wrong_spare(kind))
    tried(AT_ONCE)
    ends = await at_all_prompts(crowd, typed, PIN)
    assert ends["PAM_SUCCESS"] == 0
    assert await failures(root) == (10, "locked")
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    assert (details["recovery_codes"].value, details["has_break_glass"].value) == (10, True)
    tried(len(spare))
    for code in spare:
        transaction, _ = await root.begin("alice")
        assert (await root.respond(transaction, PIN))[-1] == ["outcome", "PAM_AUTH_ERR"], code


@pytest.mark.parametrize("mode", ["two-attempt", "change-pin"])
async def test_five_hundred_pins_in_any_mode_at_once_get_ten_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried, mode: str
) -> None:
    tried(AT_ONCE)
    ends = await at_all_prompts(crowd, lambda number: f"{WRONG_PIN}{number:06}", mode=mode)
    assert set(ends) <= DENIED
    assert await failures(root) == (10, "locked")
    assert daemon.messages() == []


async def test_five_hundred_right_pins_with_wrong_codes_get_ten_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    for number in range(5):
        transaction, _ = await root.begin(
            "alice", f"service{number}", rhost="192.0.2.1", mode="two-attempt"
        )
        await root.respond(transaction, PIN)
    sent = len(daemon.messages())
    # A right PIN counts until it is known to be right, and may find that other right ones, which
    # are not known yet, have locked meanwhile: a wave gets no more answers, but perhaps fewer.
    while (await failures(root))[1] != "locked":
        tried(AT_ONCE)
        ends = await at_all_prompts(crowd, lambda number: f"{PIN}{number:06}", mode="two-attempt")
        assert set(ends) <= DENIED
    assert (await failures(root))[0] <= 10
    assert len(daemon.messages()) == sent == 5


async def test_five_hundred_codes_by_transaction_id_at_once_get_three_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    configure(daemon, BY_ID)
    transaction, _ = await root.begin("alice", "api")
    steps = await root.respond(transaction, PIN)
    name = steps[1][1].removeprefix("Transaction id: ")
    right = daemon.code()
    wrong = "000000" if right != "000000" else "111111"
    tried(AT_ONCE + 1)
    ends = Counter(
        await asyncio.gather(*(client.verify(name, wrong) for client in crowd for _ in range(EACH)))
    )
    assert set(ends) == DENIED
    assert await failures(root) == (3, "active")
    assert await root.verify(name, right) in DENIED


async def at_once(crowd: Sequence[Client], member: str, body: list[Any]) -> Counter[str]:
    """Call a method of administration everywhere; return how often it said what."""

    async def one(client: Client) -> str:
        try:
            await client.call(ADMIN, member, "ss", body)
        except BusError as error:
            return f"{error.name.rpartition('.')[2]}: {error.text}"
        return "accepted"

    return Counter(await asyncio.gather(*(one(each) for each in crowd for _ in range(EACH))))


async def test_five_hundred_codes_for_an_enrolment_at_once_get_three_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    name = await root.enrol("bob", "+4915112345600", PIN, verify=True)
    right = daemon.code()
    wrong = "000000" if right != "000000" else "111111"
    tried(AT_ONCE + 1)
    said = await at_once(crowd, "ConfirmEnrolment", [name, wrong])
    judged = {text: count for text, count in said.items() if "no such enrolment" not in text}
    assert "accepted" not in judged
    assert sum(judged.values()) == 3
    with pytest.raises(BusError, match="no such enrolment"):
        await root.call(ADMIN, "ConfirmEnrolment", "ss", [name, right])


async def test_five_hundred_codes_for_an_app_at_once_get_five_answers(
    root: Client, crowd: list[Client], tried: Tried
) -> None:
    (offer,) = await root.call(ADMIN, "AddAuthenticator", "su", ["alice", 8])
    tried(AT_ONCE)
    said = await at_once(crowd, "ConfirmAuthenticator", [offer["authenticator"].value, "00000000"])
    judged = {text: count for text, count in said.items() if "no such authenticator" not in text}
    assert "accepted" not in judged
    assert sum(judged.values()) == 5
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["alice"])
    assert details["has_authenticator"].value is False


async def changes_at_once(crowd: Sequence[Client], *typed: str) -> Counter[str]:
    """Begin a change of the number everywhere, over and over, and answer all at once."""

    async def one(client: Client, number: int) -> str:
        address, steps = f"+49151123{number:05}", [["", ""]]
        try:
            await client.call(SELF, "Change", "sss", ["number", "sms", address])
            for text in typed:
                (steps,) = await client.call(SELF, "Respond", "h", [0], secret=text)
        except BusError as error:
            return error.name
        return str(steps[-1][1])

    ends = Counter[str]()
    for turn in range(EACH):
        ends.update(
            await asyncio.gather(
                *(one(client, turn * EACH + number) for number, client in enumerate(crowd))
            )
        )
    return ends


async def test_five_hundred_pins_at_self_service_get_ten_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    await root.enrol("root", PHONE, PIN)
    tried(AT_ONCE)
    assert set(await changes_at_once(crowd, WRONG_PIN)) == {"PAM_AUTH_ERR"}
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["root"])
    assert (details["failures"].value, details["state"].value) == (10, "locked")
    assert daemon.messages() == []


async def test_five_hundred_codes_at_self_service_get_ten_answers_and_few_messages(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    await root.enrol("root", PHONE, PIN)
    tried(AT_ONCE)
    ends = await changes_at_once(crowd, PIN, "99999")
    assert "PAM_SUCCESS" not in ends
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["root"])
    assert (details["failures"].value, details["state"].value) == (10, "locked")
    assert len(daemon.messages()) <= 20


async def test_five_hundred_first_logins_at_once_send_twenty_and_get_ten_answers(
    root: Client, daemon: Daemon, crowd: list[Client], tried: Tried
) -> None:
    configure(daemon, ENROLS + 'factors = ["code"]\n')
    tried(AT_ONCE)

    async def one(client: Client, number: int) -> str:
        transaction, _ = await client.begin("nobody", "sshd", rhost=f"192.0.2.{number % 7}")
        end = await answer(client, transaction, f"+49151123{number:05}")
        if end[0] == "hidden":
            end = await answer(client, transaction, "99999")
        return end[1]

    clients = itertools.islice(itertools.cycle(crowd), AT_ONCE)
    ends = Counter(
        await asyncio.gather(*(one(client, number) for number, client in enumerate(clients)))
    )
    assert ends["PAM_SUCCESS"] == 0
    assert len(daemon.messages()) <= 20
    (users,) = await root.call(ADMIN, "ListUsers")
    assert [user["user"].value for user in users] == ["alice"]
