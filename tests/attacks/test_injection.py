# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Texts that want to be more than text: in names, messages, prompts, journals, addresses, lists."""

import itertools
import json
from contextlib import suppress
from dataclasses import replace
from typing import Final

import pytest
from dbus_next import Variant

from smsotpd.cli.errors import WrongInputError
from smsotpd.cli.user_csv import parse_users
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.events import Login, LoginCancelled, LoginDenied, LoginGranted
from smsotpd.core.notification import Notification
from smsotpd.core.policy import Texts
from smsotpd.core.recipient import parse_phone
from smsotpd.core.text import check_text, fill, has_control_characters
from smsotpd.journal.catalogue import fields_of
from tests.attacks.test_local_users import NOBODY
from tests.attacks.test_self_service import SELF
from tests.bus.client import ADMIN, AUTHENTICATION, BusError, Client
from tests.bus.conftest import PIN as BUS_PIN
from tests.bus.daemon import Daemon
from tests.fakes.world import PIN, World
from tests.tally import Tried

FORMATS: Final = (
    "{otp}", "{user}{service}", "{0}", "{}", "{{otp}}", "{otp!r}", "{otp:>9999999}",
    "{0.__class__.__mro__}", "{user.__init__.__globals__}", "%s%s%n", "%(otp)s", "%99999999d",
    "$otp", "${otp}", "${jndi:ldap://x}", "`id`", "$(id)", "{% raw %}", "<otp/>", "&otp;",
    "\\N{BULLET}", "' OR 1=1 --", '"; DROP TABLE users; --', "a|b&c;d", "=1+1",
)  # fmt: skip
STEERING: Final = (
    "a\nSMSOTP_OUTCOME=granted", "a\r\nb", "a\x00b", "\x1b]0;x\x07", "\x1b[2J", "\x9b2J", "a\x08b",
    "\u202egnp", "\u2066x\u2069", "\u2028x", "\u061cx", "\x85x",
)  # fmt: skip
ADDRESSES: Final = (
    "+4915112345611,+4915112345622", "+4915112345611;+4915112345622", "+49151 12345611\n+4912",
    "+4915112345611@example.org", "+49#15112345611", "+4915112345611&to=+4915112345622",
    "+4915112345611\x00", "+\u0664\u0669\u0661\u0665\u0661\u0661\u0662\u0663\u0664\u0665\u0666",
    "++4915112345611", "*100#", "tel:+4915112345611", "+49151\u200b12345611", "{phone}",
    "/etc/passwd", "-4915112345611", "+0015112345611", "+" + "9" * 40,
    "+4915112345611%2C%2B4915112345622",
)  # fmt: skip
ADMINISTRATOR: Final = parse_phone("+491701234500")


@pytest.fixture
def world() -> World:
    world = World()
    world.enrol()
    world.set_limits(failures_to_lock=100, failures_without_delay=100, resend_seconds=0.0)
    return world


@pytest.mark.parametrize("evil", FORMATS)
async def test_a_name_in_a_message_is_text_and_nothing_else(
    world: World, tried: Tried, evil: str
) -> None:
    tried()
    world.set_policy(texts=Texts(message="{service}: {otp} for {user} at {host}"))
    terminal = await world.begin(service=evil).answer(PIN)
    code = world.source.codes[-1]
    assert world.texts[-1] == f"{evil}: {code} for anna at host.example.org"
    assert not any(code in step.text for step in terminal.steps)


@pytest.mark.parametrize("evil", FORMATS + STEERING)
async def test_a_name_in_a_notification_is_text_and_steers_nothing(
    world: World, tried: Tried, evil: str
) -> None:
    tried()
    text = "{event} {user} {service} {rhost} {tty} {reason}"
    told = Notification("all", frozenset({"login-granted", "login-denied"}), to=(ADMINISTRATOR,))
    world.settings = replace(world.settings, notifications={"all": replace(told, text=text)})
    terminal = await world.begin(service=evil, rhost=evil).answer(PIN)
    await terminal.answer(world.source.codes[-1])
    while await world.notifications.send_next():
        pass
    message = world.gateway.messages[-1]
    assert message.recipient == ADMINISTRATOR
    assert message.text.startswith("login-granted anna ")
    assert not has_control_characters(message.text)
    assert world.source.codes[-1] not in message.text
    if evil in FORMATS:
        assert message.text.count(evil) == 2


@pytest.mark.parametrize("evil", FORMATS + STEERING)
def test_a_name_in_the_journal_makes_no_field_no_line_and_no_event(tried: Tried, evil: str) -> None:
    plain = Login("u", "s", "h", "t")
    for event in (LoginDenied, LoginCancelled):
        expected = fields_of(event(plain, "r"))
        for place in ("user", "service", "rhost", "tty", "ruser"):
            tried()
            with suppress(TypeError):
                fields = fields_of(event(replace(plain, **{place: evil}), evil))
                assert fields.keys() - expected.keys() <= {"SMSOTP_RUSER"}
                assert fields["MESSAGE_ID"] == expected["MESSAGE_ID"]
                assert not any(has_control_characters(text) for text in fields.values())
    granted = fields_of(LoginGranted(replace(plain, user=evil), 1.0))
    assert granted["MESSAGE"].endswith(" to s granted")


@pytest.mark.parametrize("evil", FORMATS)
def test_a_text_of_the_policy_names_no_more_than_its_fields(tried: Tried, evil: str) -> None:
    tried()
    values = {"phone": "+49 ••• ••89"}
    try:
        check_text("code_prompt", evil, frozenset(values))
    except BadArgumentError:
        return
    assert fill(evil, values) == evil, "what is no field stays as it is"


@pytest.mark.parametrize("evil", STEERING)
def test_a_text_of_the_policy_that_steers_is_refused(tried: Tried, evil: str) -> None:
    tried()
    with pytest.raises(BadArgumentError, match="control character"):
        check_text("code_prompt", evil, frozenset())


async def test_whatever_a_program_says_of_a_login_no_prompt_repeats_what_steers(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    keys = (
        "user",
        "service",
        "rhost",
        "tty",
        "ruser",
        "pin_prompt",
        "code_prompt",
        "mode",
        "locale",
    )
    for key, evil in itertools.product(keys, FORMATS + STEERING):
        tried()
        if "\0" in evil:
            continue  # the bus itself drops who sends it
        context = {"user": "alice", "service": "login"} | {key: evil}
        variants = {name: Variant("s", text) for name, text in context.items()}
        try:
            _, steps = await root.call(AUTHENTICATION, "Begin", "a{sv}", [variants])
        except BusError as error:
            name, shown = error.name, [error.text]
        else:
            name, shown = "", [text for _, text in steps]
        assert name in {"", "org.smsotp1.Error.BadArgument"}
        assert name or evil not in STEERING
        assert not any(has_control_characters(text) for text in shown)
    assert daemon.process.poll() is None


async def test_an_address_is_one_recipient_or_none(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    (daemon.configuration / "smsotpd.d").mkdir()
    policy = daemon.configuration / "smsotpd.d/enrol.toml"
    policy.write_text('[policy.sshd]\nunenrolled = "enrol"\nfactors = ["code"]\n')
    daemon.reload()
    await root.enrol("nobody", "+4915112345600", BUS_PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for evil in ADDRESSES:
            if "\0" in evil:
                continue
            tried(4)
            with pytest.raises(BusError, match="BadArgument"):
                await root.enrol("bob", evil, BUS_PIN)
            with pytest.raises(BusError, match="BadArgument"):
                await client.call(SELF, "Change", "sss", ["number", "sms", evil])
            transaction, _ = await root.begin("carol")
            assert (await root.respond(transaction, evil))[-1][0] == "visible", "asked again"
            users = json.dumps([{"user": "bob", "addresses": {"sms": evil}, "pin": BUS_PIN}])
            (answers,) = await root.call(
                ADMIN, "ImportUsers", "hbb", [0, False, False], secret=users
            )
            assert [verdict for _, verdict, _ in answers] == ["refused"]
    assert daemon.messages() == []
    (listed,) = await root.call(ADMIN, "ListUsers")
    assert {user["user"].value for user in listed} == {"alice", "nobody"}


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b", "a:b", "a b", "a\tb", "a\nb", "", "-", "=1+1", "+49", "@SUM(1)",
     "-2+3", "a" * 300, "\x1b[2Ja", "a\u202eb", "\u2066a"],
)  # fmt: skip
async def test_a_name_in_a_list_is_a_name_or_refused(root: Client, tried: Tried, name: str) -> None:
    """A name that a spreadsheet computes would be computed where the PINs are handed out."""
    tried()
    content = f'user,phone,pin\n"{name}",+4915112345611,Rosenkohl7\n'.encode()
    try:
        (row,) = parse_users(content)
    except (WrongInputError, ValueError):
        return
    if row.mistake:
        return
    users = json.dumps([{"user": row.user, "addresses": row.addresses, "pin": row.pin.reveal()}])
    (answers,) = await root.call(ADMIN, "ImportUsers", "hbb", [0, False, False], secret=users)
    assert [verdict for _, verdict, _ in answers] == ["refused"]
