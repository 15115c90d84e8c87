# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""SMPP through smpplib to a strict SMSC of our own."""

import importlib.util
import os
import re
import struct
import time

import pytest

from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.smpp import GATEWAY
from smsotpd.gateways.spec import Failure
from tests.contract.gateways.conftest import NUMBER, TEXT, Carry
from tests.fakes import smpp_server
from tests.fakes.certificates import Authority
from tests.fakes.smpp_server import PASSWORD, SYSTEM_ID, SmppServer, pdu

_IS_INSTALLED = importlib.util.find_spec("smpplib") is not None
pytestmark = pytest.mark.skipif(
    not _IS_INSTALLED and os.environ.get("CI") != "true",
    reason="needs the Python library smpplib: run tests/prepare",
)

_SUBMIT = 2  # the bind comes first
_LONG = "Your code is 013579. " + "It is for the login at host.example {web}. " * 8
_RUSSIAN = "Ваш код: 013579. " + "Он для входа 🔐 " * 12


def test_the_library_is_installed() -> None:
    assert _IS_INSTALLED


def _settings(server: SmppServer, **further: str) -> dict[str, str]:
    settings = {"SMSC_HOST": "127.0.0.1", "SMSC_PORT": str(server.port), "SYSTEM_ID": SYSTEM_ID}
    return settings | further


async def _send(
    carry: Carry,
    server: SmppServer,
    text: str = TEXT,
    number: str = NUMBER,
    password: str = PASSWORD,
    deadline: float = 10.0,
    **settings: str,
) -> Outcome:
    given = _settings(server, **settings)
    secrets = {"PASSWORD": password}
    return await carry("smpp", given, secrets, number=number, text=text, deadline=deadline)


async def test_a_text_arrives_with_sender_recipient_and_validity(carry: Carry) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, S_ADDR="Example", S_ADDR_TON="5")
    assert outcome == Accepted("id-1")
    (message,) = server.submitted
    assert message.source == (5, 0, "Example")
    assert message.destination == (1, 1, NUMBER[1:])
    assert message.validity == "000000000500000R"  # of Carry's 300 seconds
    assert server.texts == [TEXT]


async def test_the_connection_is_left_politely(carry: Carry) -> None:
    with SmppServer() as server:
        await _send(carry, server)
    assert server.commands == [
        smpp_server.BIND_TRANSMITTER,
        smpp_server.SUBMIT_SM,
        smpp_server.UNBIND,
    ]


@pytest.mark.parametrize(
    ("text", "data_coding", "parts"),
    [
        ("Code 013579 @£$_§", 0, 1),
        ("x" * 160, 0, 1),
        ("[" * 80, 0, 1),
        ("[" * 81, 0, 2),
        ("x" * 161, 0, 2),
        ("x" * 152 + "{" * 10, 0, 2),
        (_LONG, 0, 3),
        ("`", 8, 1),
        ("Ж" * 70, 8, 1),
        ("Ж" * 71, 8, 2),
        ("Ж" * 66 + "🔐" * 10, 8, 2),
        (_RUSSIAN, 8, 4),
    ],
)
async def test_a_text_arrives_whole_in_as_few_parts_as_it_needs(
    carry: Carry, text: str, data_coding: int, parts: int
) -> None:
    with SmppServer() as server:
        assert await _send(carry, server, text) == Accepted("id-1")
    assert server.texts == [text]
    assert [each.data_coding for each in server.submitted] == [data_coding] * parts


async def test_a_text_of_more_than_255_parts_is_refused_before_anything_is_sent(
    carry: Carry,
) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, "x" * (153 * 255 + 1))
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.CONTENT
    assert server.commands == []


async def test_regexp_rewrites_the_number(carry: Carry) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, REGEXP=r"/^\+49/0049/", D_ADDR_TON="0")
        assert isinstance(outcome, Rejected)  # this SMSC wants no zeros
        outcome = await _send(carry, server, REGEXP=r"/^\+49(.*)/44\1/", D_ADDR_TON="2")
    assert isinstance(outcome, Accepted)
    assert [each.destination for each in server.submitted] == [(2, 1, "44" + NUMBER[3:])]


async def test_what_regexp_leaves_has_to_be_a_number(carry: Carry) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, REGEXP="/.*/x/")
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT
    assert server.commands == []


@pytest.mark.parametrize(
    ("password", "system_id", "sign"),
    [("wrong", SYSTEM_ID, "RINVPASWD"), (PASSWORD, "other", "RINVSYSID")],
)
async def test_wrong_credentials_are_refused(
    carry: Carry, password: str, system_id: str, sign: str
) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, password=password, SYSTEM_ID=system_id)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert sign in outcome.detail
    assert server.commands == [smpp_server.BIND_TRANSMITTER]


@pytest.mark.parametrize("is_bind", [True, False], ids=["bind", "submit"])
@pytest.mark.parametrize("failure", GATEWAY.failures, ids=lambda failure: failure.sign)
async def test_every_documented_status_has_its_class(
    carry: Carry, failure: Failure, *, is_bind: bool
) -> None:
    found = re.search(r"0x([0-9A-F]{2}) ESME_R", failure.sign)
    assert found
    status = int(found[1], 16)
    server = SmppServer(bind_status=status) if is_bind else SmppServer(statuses=(status,))
    with server:
        outcome = await _send(carry, server)
    assert isinstance(outcome, Rejected | Deferred)
    assert outcome.error_class is failure.error_class
    assert failure.sign in outcome.detail
    assert server.submitted == []


@pytest.mark.parametrize(
    ("status", "shown"), [(0x40E, "0x40E"), (0x10, "0x10"), (0x0BADCAFE, "unknown")]
)
async def test_a_status_that_nobody_documents_is_a_refusal(
    carry: Carry, status: int, shown: str
) -> None:
    with SmppServer(statuses=(status,)) as server:
        outcome = await _send(carry, server)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.REJECTED
    assert f"command_status {shown})" in outcome.detail


async def test_a_number_that_is_refused_tells_so(carry: Carry) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, number=f"+{smpp_server.REFUSED}")
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT


async def test_a_text_of_which_a_part_is_refused_was_not_sent(carry: Carry) -> None:
    with SmppServer(statuses=(0, 0x58)) as server:
        outcome = await _send(carry, server, _LONG)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.RATE
    assert len(server.submitted) == 1


async def test_what_was_not_asked_for_is_answered_or_ignored(carry: Carry) -> None:
    enquiry = pdu(smpp_server.ENQUIRE_LINK, sequence=77)
    other = pdu(smpp_server.SUBMIT_SM | smpp_server.RESPONSE, sequence=999, body=b"id-of-another\0")
    with SmppServer(strays=enquiry + other) as server:
        assert await _send(carry, server) == Accepted("id-1")
    assert smpp_server.ENQUIRE_LINK | smpp_server.RESPONSE in server.commands


async def test_a_generic_nack_is_an_answer(carry: Carry) -> None:
    nack = pdu(smpp_server.GENERIC_NACK, status=0x14, sequence=0)
    with SmppServer(trouble={_SUBMIT: nack}) as server:
        outcome = await _send(carry, server)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


_GARBAGE = {
    "nothing": b"",
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a gigabyte": struct.pack(">4I", 2**30, 0x80000004, 0, 2) + b"x" * 8192,
    "too short": struct.pack(">4I", 3, 0x80000004, 0, 2),
    "no header": struct.pack(">I", 8) + b"xxxx",
    "an unknown command": pdu(0x0BADCAFE),
    "unbind": pdu(smpp_server.UNBIND),
    "strays": pdu(smpp_server.ENQUIRE_LINK | smpp_server.RESPONSE, sequence=9) * 200,
    "a broken parameter": pdu(0x80000004, 0, 3, b"id\0\x04\x27\0"),
}


@pytest.mark.parametrize("answer", _GARBAGE.values(), ids=_GARBAGE)
async def test_an_unreadable_answer_to_the_bind_is_a_passing_failure(
    carry: Carry, answer: bytes
) -> None:
    with SmppServer(trouble={1: answer}) as server:
        outcome = await _send(carry, server)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY


@pytest.mark.parametrize("answer", _GARBAGE.values(), ids=_GARBAGE)
async def test_an_unreadable_answer_to_the_message_is_ambiguous(
    carry: Carry, answer: bytes
) -> None:
    with SmppServer(trouble={_SUBMIT: answer}) as server:
        assert isinstance(await _send(carry, server), Unknown)


@pytest.mark.parametrize(("request_number", "kind"), [(1, Deferred), (_SUBMIT, Unknown)])
async def test_silence_ends_within_the_deadline(
    carry: Carry, request_number: int, kind: type[Outcome]
) -> None:
    with SmppServer(trouble={request_number: None}) as server:
        begun = time.monotonic()
        outcome = await _send(carry, server, deadline=1.5)
        assert time.monotonic() - begun < 1.5
    assert isinstance(outcome, kind)
    assert "no answer from the SMSC in time" in repr(outcome)


async def test_an_smsc_that_is_away_is_a_passing_failure(carry: Carry) -> None:
    with SmppServer() as server:
        pass
    outcome = await _send(carry, server)
    assert outcome == Deferred(ErrorClass.TEMPORARY, "no SMPP connection to the SMSC")


async def test_tls_protects_the_password(carry: Carry, authority: Authority) -> None:
    with SmppServer(tls=authority.server("127.0.0.1")) as server:
        trusting = await _send(carry, server, TLS="yes", CA_FILE=str(authority.file))
        doubting = await _send(carry, server, TLS="yes")
    assert trusting == Accepted("id-1")
    assert doubting == Deferred(ErrorClass.TEMPORARY, "TLS: no secure connection to the SMSC")


async def test_an_smsc_without_tls_gets_no_password(carry: Carry) -> None:
    with SmppServer() as server:
        outcome = await _send(carry, server, TLS="yes", deadline=3.0)
    assert isinstance(outcome, Deferred)
    assert smpp_server.BIND_TRANSMITTER not in server.commands


async def test_an_inspection_binds_and_sends_nothing(carry: Carry) -> None:
    with SmppServer() as server:
        ready = await carry.inspect("smpp", _settings(server), {"PASSWORD": PASSWORD})
        refused = await carry.inspect("smpp", _settings(server), {"PASSWORD": "wrong"})
    assert ready == Report(Condition.READY, "the SMSC takes our login")
    assert refused.condition is Condition.DOWN
    assert "RINVPASWD" in refused.summary
    assert server.submitted == []
