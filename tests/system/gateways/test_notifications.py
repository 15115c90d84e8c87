# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""People are told of events through the same gateways as codes, and no login waits for it."""

import json
import time
from collections.abc import Sequence
from typing import Final

import pytest

from smsotpd.core.events import NotificationFailed, NotificationSent, UserLocked
from smsotpd.journal.catalogue import message_id
from tests.fakes.providers import clicksend, smsapi, spryngsms, telegram_bot
from tests.system import accounts
from tests.system.gateways.providers import Person, configure, log_in, new_person, order
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

ONE_TRY: Final = ("NumberOfPasswordPrompts=1",)
HERE: Final = """
[notify.here]
events = ["login-granted"]
to = ["user"]
text = "it says yes"
"""


@pytest.fixture(scope="module")
def telling(online: Machine) -> Machine:
    """The machine with gateways for codes and for notifications, and one that never answers."""
    configure(online, "for-codes", smsapi.SIMULATOR)
    configure(online, "for-news", clicksend.SIMULATOR)
    configure(online, "for-chats", telegram_bot.SIMULATOR)
    configure(online, "never-answers", spryngsms.SIMULATOR)
    return online


def notify(name: str, events: Sequence[str], to: Sequence[str], text: str, **more: object) -> str:
    """Return the TOML of a notification, with codes going out by another gateway."""
    facts = {"events": list(events), "to": list(to), "text": text, **more}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in facts.items())
    return f"{order('for-codes')}[notify.{name}]\n{lines}"


def told(machine: Machine, mark: str, name: str) -> list[dict[str, object]]:
    """Wait until the journal tells of a notification that was sent."""
    about = {"MESSAGE_ID": message_id(NotificationSent), "SMSOTP_NOTIFICATION": name}
    return wait_until(lambda: machine.journal(after=mark, **about), 10, f"{name} was sent")


def news(person: Person, host: str = "rest.clicksend.com") -> list[str]:
    return [text for text in person.received(host) if "it says" in text]


def test_a_user_is_told_of_its_login_by_the_gateway_that_is_named(
    telling: Machine, ada: Person
) -> None:
    ada.enrol("sms")
    mark = telling.journal_mark()
    text = "it says {event}: {user} ({phone}) by {service} from {rhost}"
    greet = notify("greet", ["login-granted"], ["user"], text, gateway="for-news", users=[ada.name])
    with accounts.settings(telling, greet):
        log_in(ada, host="api.smsapi.com")
        [sent] = told(telling, mark, "greet")
    assert sent["SMSOTP_EVENT"] == "login-granted"
    assert sent["SMSOTP_GATEWAY"] == "for-news"
    assert sent["SMSOTP_RECIPIENT"] == ada.masked("sms")
    [message] = news(ada)
    assert (
        f"it says login-granted: {ada.name} ({ada.masked('sms')}) by sshd from ::1"
        in (json.loads(message)["messages"][0]["body"])
    )


def test_a_number_that_no_user_has_is_told_of_logins(telling: Machine, ada: Person) -> None:
    ada.enrol("sms")
    guard = new_person(telling)
    to = [f"sms:{guard.address('sms')}"]
    mark = telling.journal_mark()
    watch = notify("watch", ["login-granted"], to, "it says {user}", gateway="for-news")
    with accounts.settings(telling, watch):
        log_in(ada, host="api.smsapi.com")
        [sent] = told(telling, mark, "watch")
    assert sent["SMSOTP_RECIPIENT"] == guard.masked("sms")
    [message] = news(guard)
    assert f"it says {ada.name}" in message
    assert news(ada) == []


def test_a_service_that_is_not_named_tells_nobody(telling: Machine, ada: Person) -> None:
    ada.enrol("sms")
    mark = telling.journal_mark()
    other = notify("elsewhere", ["login-granted"], ["user"], "it says no", services=["sudo"])
    both = (
        other + '[notify.here]\nevents = ["login-granted"]\nto = ["user"]\ntext = "it says yes"\n'
    )
    with accounts.settings(telling, both):
        log_in(ada)
        told(telling, mark, "here")
    assert ["it says yes" in text for text in news(ada, "")] == [True]


def test_an_administrator_is_told_of_a_lock(telling: Machine, ada: Person) -> None:
    ada.enrol("sms")
    administrator = new_person(telling)
    to = [f"telegram:{administrator.address('telegram')}"]
    text = "it says {event}: {user}, {failures} failures"
    locks = notify("locks", ["user-locked"], to, text, gateway="for-chats")
    mark = telling.journal_mark()
    with (
        accounts.settings(telling, locks + "[limits]\nfailures_to_lock = 1\n"),
        SshLogin(telling, ada.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer("wrong")
        assert not login.result().granted
        told(telling, mark, "locks")
    assert len(ada.account.journal(UserLocked)) == 1
    [message] = news(administrator, "api.telegram.org")
    assert f"it says user-locked: {ada.name}, 1 failures" in message


def test_neither_a_login_nor_another_notification_waits_for_one_that_hangs(
    telling: Machine, ada: Person
) -> None:
    ada.enrol("sms")
    bob = new_person(telling).enrol("sms")
    hanging = notify("hanging", ["login-granted"], ["user"], "it hangs", gateway="never-answers")
    mark = telling.journal_mark()
    with accounts.settings(telling, hanging + HERE):
        begun = time.monotonic()
        log_in(ada)
        log_in(bob)
        wait_until(lambda: len(told(telling, mark, "here")) == 2, 5, "both were told")
        assert time.monotonic() - begun < 10
        about = {"SMSOTP_NOTIFICATION": "hanging"}
        assert telling.journal(after=mark, **about) == [], "the first one still hangs"


def test_a_notification_that_cannot_be_sent_is_told_to_the_journal_only(
    telling: Machine, ada: Person
) -> None:
    configure(telling, "bad-news", clicksend.SIMULATOR, secrets={"apikey": "wrong-of-clicksend"})
    ada.enrol("sms")
    mark = telling.journal_mark()
    lost = notify("lost", ["login-granted"], ["user"], "it says lost", gateway="bad-news")
    about = {"MESSAGE_ID": message_id(NotificationFailed), "SMSOTP_NOTIFICATION": "lost"}
    with accounts.settings(telling, lost):
        log_in(ada)
        [failed] = wait_until(lambda: telling.journal(after=mark, **about), 10, "it failed")
    assert str(failed["SMSOTP_REASON"]).startswith("auth: ")
    assert news(ada, "") == []
