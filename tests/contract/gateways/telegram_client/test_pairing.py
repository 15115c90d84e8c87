# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An account is linked by QR code, or by number, code and password."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from smsotpd.core.channel_names import TELEGRAM
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.outcome import Accepted
from smsotpd.core.pairing_step import PairingStep, PairingStepKind
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.telegram_client import GATEWAY
from smsotpd.gateways.providers.telegram_client.linking import ANOTHER, BY_CODE, BY_QR, KEEP
from smsotpd.gateways.sender import GatewaySender
from tests.contract.gateways.conftest import NUMBER, Carry
from tests.contract.gateways.telegram_client.conftest import Post
from tests.fakes.mtproto.world import API_HASH, CODE, HangUpError, Person, RpcError, World

if TYPE_CHECKING:
    from tests.fakes.mtproto.server import Server

_PHONE = "+4915100000777"
_PASSWORD = "correct horse: ü"
_KINDS_OF_QUESTION = {PairingStepKind.ASK, PairingStepKind.ASK_SECRET}


def _nothing(_looks: int) -> None:
    """Let the phone lie."""


@dataclass
class Administrator:
    """Answer what is asked, in this order; `meanwhile` happens at each wait."""

    answers: list[str]
    meanwhile: Callable[[int], None] = _nothing
    seen: list[PairingStep] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    looks: int = 0
    api_hash: str = API_HASH

    async def pair(self, post: Post, server: "Server", session: str = "") -> Report:
        secrets = {name: Secret(text) for name, text in post.secrets(session).items()}
        secrets["api_hash"] = Secret(self.api_hash)
        definition = GatewayDefinition("g", "telegram_client", post.settings(server), secrets)
        run = GatewaySender(GATEWAY, definition).pair()
        answer = Secret("")
        while run.report is None:
            steps = await run.advance(answer, 10)
            answer = Secret("")
            self.seen += steps
            for step in steps:
                if step.kind in _KINDS_OF_QUESTION:
                    answer = Secret(self.answers.pop(0))
                if step.kind is PairingStepKind.WAIT:
                    self.looks += 1
                    self.meanwhile(self.looks)
        self.kept = {name: each.reveal() for name, each in run.kept.items()}
        return run.report

    def of_kind(self, kind: PairingStepKind) -> list[PairingStep]:
        return [step for step in self.seen if step.kind is kind]


async def _can_send(carry: Carry, post: Post, server: "Server", session: str) -> bool:
    settings, secrets = post.settings(server), post.secrets(session)
    outcome = await carry("telegram_client", settings, secrets, channel=TELEGRAM)
    return isinstance(outcome, Accepted)


def _world(home_dc: int = 2, password: str = "", hint: str = "") -> World:
    ada = Person(888, NUMBER[1:])
    return World(people=[ada], home_dc=home_dc, password=password, hint=hint)


async def test_a_scanned_code_links_the_account(post: Post, carry: Carry) -> None:
    world = _world()
    with post.serving(world) as server:
        phone = Administrator([BY_QR], lambda looks: world.scan_code() if looks == 2 else None)
        report = await phone.pair(post, server)
        assert report.condition is Condition.READY
        assert ("User name", "@otpsender") in report.facts
        (code,) = phone.of_kind(PairingStepKind.QR)
        assert code.content.startswith("tg://login?token=")
        assert phone.kept.keys() == {"session"}
        assert await _can_send(carry, post, server, phone.kept["session"])


async def test_a_code_that_expired_is_replaced(post: Post) -> None:
    world = _world()

    def meanwhile(looks: int) -> None:
        (world.expire_codes, world.scan_code)[looks - 1]()

    with post.serving(world) as server:
        phone = Administrator([BY_QR], meanwhile)
        assert (await phone.pair(post, server)).condition is Condition.READY
    first, second = phone.of_kind(PairingStepKind.QR)
    assert first.content != second.content


async def test_a_code_that_nobody_scans_is_awaited_for_minutes_only(post: Post) -> None:
    with post.serving(_world()) as server:
        phone = Administrator([BY_QR])
        report = await phone.pair(post, server)
    assert report.condition is Condition.DOWN
    assert sum(float(each.content) for each in phone.of_kind(PairingStepKind.WAIT)) == 180
    assert len(phone.of_kind(PairingStepKind.QR)) == 1
    assert phone.kept == {}


@pytest.mark.parametrize("password", ["", _PASSWORD], ids=["plain", "with password"])
async def test_an_account_at_another_data_centre_is_linked_there(
    post: Post, carry: Carry, password: str
) -> None:
    world = _world(4, password)
    with post.serving(world, 2, 4) as server:
        phone = Administrator([BY_QR, password], lambda _looks: world.scan_code())
        assert (await phone.pair(post, server)).condition is Condition.READY
        assert await _can_send(carry, post, server, phone.kept["session"])


async def test_number_and_code_link_the_account(post: Post, carry: Carry) -> None:
    with post.serving(_world()) as server:
        typist = Administrator([BY_CODE, "+49 151 00000777", f" {CODE} "])
        assert (await typist.pair(post, server)).condition is Condition.READY
        assert typist.of_kind(PairingStepKind.QR) == []
        assert await _can_send(carry, post, server, typist.kept["session"])


async def test_a_number_of_another_data_centre_is_linked_there(post: Post, carry: Carry) -> None:
    with post.serving(_world(4), 2, 4) as server:
        typist = Administrator([BY_CODE, _PHONE, CODE])
        assert (await typist.pair(post, server)).condition is Condition.READY
        assert await _can_send(carry, post, server, typist.kept["session"])


@pytest.mark.parametrize("how", [BY_QR, BY_CODE])
async def test_two_step_verification_asks_for_the_password(
    post: Post, carry: Carry, how: str
) -> None:
    world = _world(password=_PASSWORD, hint="the usual\x1b[2J")
    with post.serving(world) as server:
        answers = [how, *([_PHONE, CODE] if how == BY_CODE else []), "wrong", _PASSWORD]
        person = Administrator(answers, lambda _looks: world.scan_code())
        assert (await person.pair(post, server)).condition is Condition.READY
        assert await _can_send(carry, post, server, person.kept["session"])
    questions = person.of_kind(PairingStepKind.ASK_SECRET)
    assert len(questions) == 2
    assert "(hint: the usual\N{REPLACEMENT CHARACTER}[2J)" in questions[0].label


@pytest.mark.parametrize(
    "answers",
    [
        [BY_CODE, "0151", "+1", "nonsense"],
        [BY_CODE, _PHONE, "00000", "00001", "00002"],
        [BY_CODE, _PHONE, CODE, "wrong", "wrong again", ""],
    ],
    ids=["number", "code", "password"],
)
async def test_after_three_mistakes_nothing_is_linked(post: Post, answers: list[str]) -> None:
    with post.serving(_world(password=_PASSWORD)) as server:
        typist = Administrator(list(answers))
        report = await typist.pair(post, server)
    assert report.condition is Condition.DOWN
    assert "mistyped" in report.summary
    assert (typist.answers, typist.kept) == ([], {})


@pytest.mark.parametrize(
    ("call", "error", "summary"),
    [
        ("SendCode", RpcError(420, "FLOOD_WAIT_600"), "try again in 600 seconds"),
        ("SendCode", RpcError(400, "PHONE_NUMBER_BANNED"), "banned"),
        ("SendCode", RpcError(406, "UPDATE_APP_TO_LOGIN"), "newer version"),
        ("SendCode", RpcError(400, "API_ID_INVALID"), "api_id and api_hash"),
        ("SendCode", HangUpError(), "no connection to Telegram"),
        ("SignIn", RpcError(400, "PHONE_CODE_EXPIRED"), "expired"),
        ("SignIn", RpcError(400, "SOMETHING_NEW"), "RPC error 400"),
    ],
)
async def test_a_login_that_telegram_refuses_says_why(
    post: Post, call: str, error: Exception, summary: str
) -> None:
    world = _world()
    world.failing[call] = error
    with post.serving(world) as server:
        typist = Administrator([BY_CODE, _PHONE, CODE])
        report = await typist.pair(post, server)
    assert report.condition is Condition.DOWN
    assert summary in report.summary
    assert typist.kept == {}


async def test_an_application_that_telegram_does_not_know_is_said_to_be_none(post: Post) -> None:
    with post.serving(_world()) as server:
        stranger = Administrator([BY_QR], api_hash="f" * 32)
        report = await stranger.pair(post, server)
    assert report == Report(Condition.DOWN, "api_id and api_hash do not belong together")


async def test_a_number_without_an_account_is_said_to_have_none(post: Post) -> None:
    with post.serving(_world()) as server:
        report = await Administrator([BY_CODE, NUMBER, CODE]).pair(post, server)
    assert report == Report(Condition.DOWN, "the number has no Telegram account")


async def test_an_account_that_is_linked_may_stay(post: Post) -> None:
    with post.serving(_world()) as server:
        person = Administrator([KEEP])
        report = await person.pair(post, server, server.session())
    assert report == Report(Condition.READY, "the account stays linked")
    assert "@otpsender" in person.seen[0].label
    assert person.kept == {}


async def test_an_account_that_is_linked_may_be_replaced(post: Post) -> None:
    world = _world()
    with post.serving(world) as server:
        person = Administrator([ANOTHER, BY_QR], lambda _looks: world.scan_code())
        before = server.session()
        assert (await person.pair(post, server, before)).condition is Condition.READY
    assert person.kept["session"] != before


async def test_a_lost_login_is_replaced_without_asking(post: Post) -> None:
    world = _world()
    with post.serving(world) as server:
        lost = server.session()
        world.logged_in.clear()
        person = Administrator([BY_QR], lambda _looks: world.scan_code())
        assert (await person.pair(post, server, lost)).condition is Condition.READY
