# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a machine may know of a sent code: its providers, its daemon, and nobody else.

Searched are the journal, the listing of processes while codes are sent, and every file that was
written since the machine was set up.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.fakes.providers import (
    clicksend,
    ovh,
    serwersms,
    sms77io,
    smsapi,
    spryngsms,
    telegram_bot,
    whatsapp_business,
)
from tests.system import accounts
from tests.system.accounts import PIN, journal_text
from tests.system.gateways.internet import LOG
from tests.system.gateways.providers import Person, codes_in, configure, log_in, new_person, order
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

MARK: Final = "/run/when-the-search-began"
LISTING: Final = "/run/internet/processes"
STATE: Final = "/var/lib/smsotp"
# Each process with its arguments and its environment, over and over.
WATCH: Final = f"while :; do ps axeww --format args=; sleep 0.02; done > {LISTING}"
ONE_TRY: Final = ("NumberOfPasswordPrompts=1",)
# Six digits stand in the files of a machine by chance, too often for a test; ten do not.
LONG_CODES: Final = "[policy.default]\ncode_digits = 10\n"

GATEWAYS: Final = {
    "quiet-seven": sms77io.SIMULATOR,
    "quiet-clicksend": clicksend.SIMULATOR,
    "quiet-ovh": ovh.SIMULATOR,
    "quiet-telegram": telegram_bot.SIMULATOR,
    "quiet-whatsapp": whatsapp_business.SIMULATOR,
    "quiet-impostor": serwersms.SIMULATOR,
    "quiet-hanging": spryngsms.SIMULATOR,
}
WRONG_TOKEN: Final = "wrong-token-of-smsapi"
CREDENTIALS: Final = sorted(
    {WRONG_TOKEN, *(text for each in GATEWAYS.values() for text in each.secrets.values())}
)


class Sent:
    """All that was sent while the machine was watched, and what `ps` showed meanwhile."""

    def __init__(self, people: list[Person], listing: str) -> None:
        self.codes = [code for each in people for code in codes_of(each)]
        self.numbers = [
            each.address(channel).removeprefix("+")
            for each in people
            for channel in ("sms", "telegram")
        ]
        self.listing = listing

    @property
    def count(self) -> int:
        """Return how many secrets are searched for."""
        return 1 + len(CREDENTIALS) + len(self.numbers) + len(self.codes)

    def found_in(self, text: str) -> list[str]:
        """Return the secrets that stand in a text."""
        found = [each for each in (PIN, *CREDENTIALS) if each in text]
        digits = (*self.numbers, *self.codes)
        return found + [each for each in digits if re.search(rf"(?<!\w){each}(?!\w)", text)]


def codes_of(person: Person) -> list[str]:
    # Notifications, which hold none, came to the same addresses.
    return [code for text in person.received() for code in codes_in(text)]


def refuse_login(person: Person) -> None:
    """Log in where no gateway takes the code."""
    with SshLogin(person.machine, person.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        assert not login.result().granted


@pytest.fixture(scope="module")
def sent(online: Machine) -> Iterator[Sent]:
    """Codes that went through every kind of gateway and every kind of failure."""
    for name, simulator in GATEWAYS.items():
        configure(online, name, simulator)
    configure(online, "quiet-wrong", smsapi.SIMULATOR, secrets={"token": WRONG_TOKEN})
    by_sms = [new_person(online).enrol("sms") for _ in range(5)]
    by_telegram = new_person(online).enrol("telegram")
    by_whatsapp = new_person(online).enrol("whatsapp")
    online.run(["touch", MARK])
    online.run(["systemd-run", "--unit=watch", "bash", "-c", WATCH])
    news = '[notify.quiet]\nevents = ["login-granted"]\nto = ["user"]\n' + LONG_CODES
    for person, names in zip(
        by_sms,
        (
            ("quiet-seven",),
            ("quiet-wrong", "quiet-impostor", "quiet-clicksend"),
            ("quiet-hanging", "quiet-ovh"),
            ("quiet-ovh",),
            ("quiet-seven",),
        ),
        strict=True,
    ):
        with accounts.settings(online, order(*names) + "deadline_seconds = 4\n" + news):
            log_in(person)
    with accounts.settings(online, order("quiet-wrong", "quiet-impostor") + LONG_CODES):
        refuse_login(by_sms[0])
    with accounts.settings(online, order("quiet-telegram", "quiet-whatsapp") + news):
        log_in(by_telegram, "telegram")
        log_in(by_whatsapp, "whatsapp")
    online.run(["systemctl", "stop", "watch"])
    yield Sent([*by_sms, by_telegram, by_whatsapp], online.read_text(LISTING))
    online.run(["rm", LISTING])


def test_the_search_finds_what_is_there(online: Machine, sent: Sent, tried: Tried) -> None:
    tried()
    assert len(sent.codes) >= 7
    assert {len(code) for code in sent.codes} == {10}
    assert set(sent.found_in(online.read_text(str(LOG)))) >= {*sent.codes}
    assert sent.found_in(f"code {sent.codes[0]}, {PIN}") == [PIN, sent.codes[0]]


def test_no_entry_of_the_journal_tells_a_secret(online: Machine, sent: Sent, tried: Tried) -> None:
    tried(sent.count)
    text = journal_text(online)
    assert "quiet-clicksend" in text
    assert sent.found_in(text) == []


def test_no_listing_of_processes_tells_a_secret(sent: Sent, tried: Tried) -> None:
    tried(sent.count)
    assert sent.listing.count("/usr/sbin/smsotpd") > 20
    assert sent.listing.count("sshd: ") > 20
    assert sent.found_in(sent.listing) == []


def test_no_file_outside_the_daemons_own_holds_a_secret(
    online: Machine, sent: Sent, tried: Tried
) -> None:
    # The journal's files hold numbers of its own; what entries say is searched above.
    passed_over = f"{STATE}|{LOG.parent}|/run/log/journal|/var/log/journal"
    find = f"find / /run /tmp /dev/shm -xdev -type f -newer {MARK}"
    listed = online.run(["bash", "-c", f"{find} | grep -Ev '^({passed_over})/'"])
    written = sorted(set(listed.stdout.splitlines()))
    assert any(path.startswith("/var/log/") for path in written), "sshd and PAM do write files"
    tried(len(written))
    texts = {path: online.octets_of(path) for path in written}
    assert {path: found for path in texts if (found := sent.found_in(texts[path]))} == {}


def test_no_file_of_the_journal_holds_a_credential_or_a_pin(
    online: Machine, sent: Sent, tried: Tried
) -> None:
    del sent
    tried(1 + len(CREDENTIALS))

    def files_with(text: str) -> list[str]:
        argv = ["grep", "-rslF", "--binary-files=text", "-f", "-", "/run/log", "/var/log"]
        return online.run(argv, input=f"{text}\n", check=False).stdout.splitlines()

    assert files_with("SMSOTP_GATEWAY=quiet-clicksend") != []
    assert [found for text in (PIN, *CREDENTIALS) if (found := files_with(text))] == []


def test_what_the_daemon_keeps_is_its_own(online: Machine, sent: Sent, tried: Tried) -> None:
    del sent
    listed = online.run(["find", STATE, "-printf", "%u %m %y\n"]).stdout.splitlines()
    tried(len(listed))
    assert set(listed) <= {"smsotp 700 d", "smsotp 600 f"}
    assert len(listed) > 1
