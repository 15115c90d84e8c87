# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever ModemManager answers, or does not, becomes an outcome in time, and repeats no text."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from dbus_next import Variant

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from tests.contract.modemmanager.conftest import CODE, Attach
from tests.fakes.fake_modem_manager import NAME, FakeModemManager

GONE = "org.freedesktop.DBus.Error.UnknownMethod"
CORE = f"{NAME}.Error.Core"


@pytest_asyncio.fixture
async def fake(address: str) -> AsyncIterator[FakeModemManager]:
    async with FakeModemManager(address) as fake:
        yield fake


def after_the_last_send(fake: FakeModemManager) -> list[str]:
    """Return what was called then; the next look at the modem may have begun."""
    newest_first = fake.calls[::-1]
    return newest_first[: newest_first.index("Send")]


async def test_the_fake_is_one_that_works(fake: FakeModemManager, attach: Attach) -> None:
    assert isinstance(await attach().send(CODE, 15.0), Accepted)
    assert fake.calls.index("Create") < fake.calls.index("Send")
    assert "Delete" in after_the_last_send(fake)


@pytest.mark.parametrize(
    "properties",
    [
        {"State": Variant("s", "registered")},
        {"State": Variant("i", 99), "SignalQuality": Variant("s", "much")},
        {"SignalQuality": Variant("(ub)", [4_000_000_000, True])},
        {"EquipmentIdentifier": Variant("au", [1, 2]), "OwnNumbers": Variant("u", 7)},
        {"Manufacturer": Variant("s", "\x1b[2J\n" * 1000), "Model": Variant("ay", b"\x00")},
        {"UnlockRequired": Variant("i", -1), "Device": Variant("b", value=True)},
    ],
)
async def test_facts_of_wrong_types_count_as_not_told(
    fake: FakeModemManager, attach: Attach, properties: dict[str, Variant]
) -> None:
    fake.modem |= properties
    sender = attach()
    outcome = await sender.send(CODE, 15.0)
    report = await sender.inspect(1.0)
    shown = f"{outcome} {report}"
    assert "mistake of ours" not in shown
    assert "\x1b" not in shown
    assert len(shown) < 1000


@pytest.mark.parametrize(
    "answer",
    [
        ("s", "no modems here"),
        ("a{ss}", {"/a": "b"}),
        ("", None),
        f"{CORE}.Failed",
        None,
    ],
)
async def test_without_a_list_of_modems_nothing_is_sent(
    fake: FakeModemManager, attach: Attach, answer: object
) -> None:
    fake.answers["GetManagedObjects"] = answer  # type: ignore[assignment]  # any of the kinds
    outcome = await attach().send(CODE, 7.0)
    assert isinstance(outcome, Deferred)
    assert "mistake of ours" not in outcome.detail
    assert "Create" not in fake.calls


@pytest.mark.parametrize(
    "answer", [("s", "123456"), ("u", 7), ("", None), ("o", "/somewhere/else"), None,
               f"{CORE}.Failed", "org.example.Error.Never"],
)  # fmt: skip
async def test_a_message_that_was_not_made_was_surely_not_sent(
    fake: FakeModemManager, attach: Attach, answer: object
) -> None:
    fake.answers["Create"] = answer  # type: ignore[assignment]  # any of the kinds
    outcome = await attach().send(CODE, 7.0)
    assert isinstance(outcome, Deferred)
    assert outcome.error_class is ErrorClass.TEMPORARY
    assert "123456" not in outcome.detail
    assert "Send" not in fake.calls


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{CORE}.Failed", Unknown),
        (f"{CORE}.Aborted", Unknown),
        (f"{NAME}.Error.Serial.ResponseTimeout", Unknown),
        (f"{NAME}.Error.Message.Unknown", Unknown),
        ("org.freedesktop.libqmi.Error.Protocol.WmsCauseCode", Unknown),
        (f"{CORE}.WrongState", Deferred),
        (f"{NAME}.Error.Message.SmscAddressUnknown", Rejected),
        (GONE, Deferred),
    ],
)
async def test_an_error_of_the_send_is_a_doubt_unless_it_says_otherwise(
    fake: FakeModemManager, attach: Attach, name: str, expected: type
) -> None:
    fake.answers["Send"] = name
    outcome = await attach().send(CODE, 15.0)
    assert isinstance(outcome, expected)
    assert "123456" not in str(outcome)
    assert "Delete" in after_the_last_send(fake)


async def test_a_send_without_an_answer_ends_in_a_doubt_at_the_deadline(
    fake: FakeModemManager, attach: Attach
) -> None:
    fake.answers["Send"] = None
    begun = time.monotonic()
    assert isinstance(await attach().send(CODE, 1.0), Unknown)
    assert time.monotonic() - begun < 10
    assert fake.calls.count("Send") == 1


async def test_a_send_without_an_answer_counts_where_the_message_says_sent(
    fake: FakeModemManager, attach: Attach
) -> None:
    fake.answers |= {"Send": None, "Get": ("v", Variant("u", 5))}
    assert isinstance(await attach().send(CODE, 15.0), Accepted)


async def test_a_modem_that_vanishes_while_it_sends_leaves_a_doubt(
    fake: FakeModemManager, attach: Attach
) -> None:
    fake.answers |= {"Send": None, "Get": GONE}
    assert await attach().send(CODE, 15.0) == Unknown(
        "the modem vanished while it sent the message"
    )


@pytest.mark.parametrize("member", ["Delete", "Create"])
@pytest.mark.parametrize(
    "name", [f"{CORE}.Unauthorized", "org.freedesktop.DBus.Error.AccessDenied"]
)
async def test_a_refusal_of_rights_says_what_to_install(
    fake: FakeModemManager, attach: Attach, member: str, name: str
) -> None:
    fake.answers[member] = name
    outcome = await attach().send(CODE, 15.0)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert "polkit does not let the daemon send" in outcome.detail
    assert "Send" not in fake.calls


@pytest.mark.parametrize("text", ["a\0b 123456", "\ud800 123456"])
async def test_a_text_that_the_bus_does_not_carry_is_refused(
    fake: FakeModemManager, attach: Attach, text: str
) -> None:
    sender = attach()
    outcome = await sender.send(Message(parse_phone("+491701234567"), text, 300.0, "123456"), 15.0)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.CONTENT
    assert "Create" not in fake.calls
    assert isinstance(await sender.send(CODE, 15.0), Accepted)
