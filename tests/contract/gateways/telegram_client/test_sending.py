# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user's account sends through Telethon, unmodified, to a strict Telegram of our own."""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from smsotpd.core.channel_names import TELEGRAM
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.telegram_client import GATEWAY
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Failure
from tests.contract.gateways.conftest import NUMBER, TEXT, Carry
from tests.contract.gateways.telegram_client.conftest import Post
from tests.fakes.mtproto.nonsense import Nonsense
from tests.fakes.mtproto.world import HangUpError, Person, RpcError, SilenceError, World

if TYPE_CHECKING:
    from tests.fakes.mtproto.server import Server

_ADA = 4915112345
_RPC = "RPC error "


@dataclass
class Account:
    """A gateway with an account that is logged in."""

    world: World
    server: "Server"
    post: Post
    carry: Carry
    session: str

    async def send(self, to: str = NUMBER, text: str = TEXT, *, deadline: float = 10.0) -> Outcome:
        settings, secrets = self.post.settings(self.server), self.post.secrets(self.session)
        return await self.carry(
            "telegram_client",
            settings,
            secrets,
            number=to,
            text=text,
            channel=TELEGRAM,
            deadline=deadline,
        )

    async def inspect(self) -> Report:
        settings, secrets = self.post.settings(self.server), self.post.secrets(self.session)
        return await self.carry.inspect("telegram_client", settings, secrets)


@pytest.fixture
def account(post: Post, carry: Carry) -> Iterator[Account]:
    world = World(people=[Person(_ADA, NUMBER[1:], "ada_lovelace", is_contact=True)])
    with post.serving(world) as server:
        yield Account(world, server, post, carry, server.session())


@pytest.mark.parametrize("to", [NUMBER, "@ada_lovelace", str(_ADA)], ids=["number", "name", "id"])
async def test_a_text_arrives_as_it_is(account: Account, to: str) -> None:
    text = "Code 013579 for `web_01` *now* [x](y) https://host.example/ \N{LOCK}"
    assert await account.send(to, text) == Accepted("4001")
    assert account.world.sent == [(_ADA, text)]


async def test_somebody_who_was_found_is_not_looked_up_again(account: Account) -> None:
    for to in (NUMBER, NUMBER, "@ada_lovelace", "@ada_lovelace"):
        assert isinstance(await account.send(to), Accepted)
    assert account.world.calls.count("ResolvePhone") == 1
    assert account.world.calls.count("ResolveUsername") == 1


async def test_somebody_who_is_not_what_was_found_before_is_looked_up_again(
    account: Account,
) -> None:
    await account.send()
    account.world.people = [Person(_ADA + 1, NUMBER[1:])]
    assert await account.send() == Accepted("4002")
    assert [user_id for user_id, _ in account.world.sent] == [_ADA, _ADA + 1]


@pytest.mark.parametrize(
    "to",
    ["+4915112345679", "@nobody_here", "4915112399", "@a_channel", "@a_robot"],
    ids=["number", "name", "no contact", "channel", "bot"],
)
async def test_what_is_no_person_is_refused_and_nothing_sent(account: Account, to: str) -> None:
    account.world.channels.add("a_channel")
    account.world.people.append(Person(5550001234, username="a_robot", is_bot=True))
    outcome = await account.send(to)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT
    assert account.world.sent == []


async def test_a_text_that_does_not_fit_is_refused_before_telegram_is_asked(
    account: Account,
) -> None:
    assert await account.send(text="x" * 4096) == Accepted("4001")
    connections = account.server.connections
    outcome = await account.send(text="x" * 4097)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.CONTENT
    assert account.server.connections == connections


async def test_a_flood_limit_is_reported_at_once_with_its_time(account: Account) -> None:
    account.world.failing["SendMessage"] = RpcError(420, "FLOOD_WAIT_17")
    begun = time.monotonic()
    outcome = await account.send()
    assert time.monotonic() - begun < 5
    detail = "the gateway says we send too fast or too much (RPC error 420 FLOOD_WAIT_X)"
    assert outcome == Deferred(ErrorClass.RATE, detail, 17.0)


@pytest.mark.parametrize("call", ["GetState", "ResolvePhone"])
async def test_a_flood_limit_elsewhere_is_the_same(account: Account, call: str) -> None:
    account.world.failing[call] = RpcError(420, "FLOOD_WAIT_3600")
    outcome = await account.send()
    assert isinstance(outcome, Deferred)
    assert (outcome.error_class, outcome.retry_after) == (ErrorClass.RATE, 3600.0)


@pytest.mark.parametrize(
    "failure",
    [each for each in GATEWAY.failures if each.sign.startswith(_RPC)],
    ids=lambda failure: failure.sign,
)
async def test_every_documented_error_has_its_class(account: Account, failure: Failure) -> None:
    code, _, word = failure.sign.removeprefix(_RPC).partition(" ")
    account.world.failing["SendMessage"] = RpcError(int(code), word.replace("_X", "_42"))
    outcome = await account.send()
    assert isinstance(outcome, Rejected | Deferred)
    assert outcome.error_class is failure.error_class
    assert failure.sign in outcome.detail
    assert account.world.sent == []


@pytest.mark.parametrize(
    ("code", "error_class"),
    [
        (400, ErrorClass.REJECTED),
        (401, ErrorClass.AUTH),
        (403, ErrorClass.REJECTED),
        (420, ErrorClass.RATE),
        (-500, ErrorClass.TEMPORARY),
    ],
)
async def test_an_error_that_nobody_knows_is_told_by_its_code_only(
    account: Account, code: int, error_class: ErrorClass
) -> None:
    account.world.failing["SendMessage"] = RpcError(code, "CODE_013579_IS_NEW")
    outcome = await account.send()
    assert isinstance(outcome, Rejected | Deferred)
    assert outcome.error_class is error_class
    assert f"RPC error {abs(code)}, " in outcome.detail


async def test_a_session_that_was_ended_elsewhere_says_what_to_do(account: Account) -> None:
    account.world.logged_in.clear()
    outcome = await account.send()
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert "logged out; pair the gateway again" in outcome.detail
    report = await account.inspect()
    assert report.condition is Condition.DOWN
    assert "pair the gateway again" in report.summary


async def test_a_key_that_telegram_has_forgotten_is_a_lost_login(account: Account) -> None:
    account.server.forget_keys()
    outcome = await account.send()
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert "transport error -404" in outcome.detail


async def test_a_connection_that_breaks_before_the_message_is_a_passing_failure(
    account: Account,
) -> None:
    account.world.failing["ResolvePhone"] = HangUpError()
    outcome = await account.send()
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no connection to Telegram")


async def test_a_connection_that_breaks_with_the_message_is_ambiguous(account: Account) -> None:
    account.world.failing["SendMessage"] = HangUpError()
    assert isinstance(await account.send(), Unknown)


@pytest.mark.parametrize(
    ("call", "kind"), [("GetUsers", Deferred), ("ResolvePhone", Deferred), ("SendMessage", Unknown)]
)
async def test_silence_ends_within_the_deadline(
    account: Account, call: str, kind: type[Outcome]
) -> None:
    account.world.failing[call] = SilenceError()
    begun = time.monotonic()
    outcome = await account.send(deadline=2.0)
    assert 0.5 <= time.monotonic() - begun < 2.0
    assert isinstance(outcome, kind)
    assert "did not finish" not in repr(outcome)  # the sender's own word for a late thread


async def test_a_server_that_is_away_is_a_passing_failure(post: Post, carry: Carry) -> None:
    with post.serving(World()) as server:
        settings, secrets = post.settings(server), post.secrets(server.session())
    outcome = await carry("telegram_client", settings, secrets, channel=TELEGRAM)
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no connection to Telegram")


_FLOOD = struct.pack("<ii", 2**30, 0)
_NONSENSE = {
    "nothing": (b"", 0),
    "another protocol": (b"HTTP/1.1 400 Bad Request\r\n\r\n", 0),
    "a negative length": (struct.pack("<ii", -1, 0), 0),
    "a gigabyte": (_FLOOD, 256 * 1024 * 1024),
    "a wrong sum": (struct.pack("<iiII", 16, 0, 1, 2), 0),
}


@pytest.mark.parametrize(("answer", "more"), _NONSENSE.values(), ids=_NONSENSE)
@pytest.mark.parametrize("is_linked", [True, False], ids=["sending", "linking"])
async def test_nonsense_on_the_wire_is_a_passing_failure(
    account: Account, answer: bytes, more: int, *, is_linked: bool
) -> None:
    with Nonsense(answer, more) as nonsense:
        if is_linked:
            account.session = nonsense.redirected(account.session)
            assert isinstance(await account.send(deadline=3.0), Deferred)
        else:
            settings = {**account.post.settings(account.server), "test_server": nonsense.address}
            secrets = {"api_hash": Secret(account.post.secrets()["api_hash"])}
            definition = GatewayDefinition("g", "telegram_client", settings, secrets)
            run = GatewaySender(GATEWAY, definition).pair()
            await run.advance(Secret(""), 3)
            await run.advance(Secret(""), 3)
            assert run.report is not None
            assert run.report.condition is Condition.DOWN
    assert nonsense.taken < 64 * 1024 * 1024


async def test_a_gateway_without_an_account_says_so(post: Post, carry: Carry) -> None:
    settings, secrets = {"api_id": "12345"}, post.secrets()
    outcome = await carry("telegram_client", settings, secrets, channel=TELEGRAM)
    assert outcome == Rejected(ErrorClass.AUTH, "no account is linked; pair the gateway")
    report = await carry.inspect("telegram_client", settings, secrets)
    assert report == Report(Condition.DOWN, "no account is linked; pair the gateway")


async def test_an_inspection_tells_whose_account_it_is(account: Account) -> None:
    assert await account.inspect() == Report(
        Condition.READY,
        "the account is logged in",
        (
            ("Name", "Ada\N{REPLACEMENT CHARACTER}[2J"),
            ("User name", "@otpsender"),
            ("Number", "••• ••77"),
        ),
    )
    assert account.world.sent == []
