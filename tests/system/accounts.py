# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The product in a machine: set up through smsotpctl, its users, the messages it sent."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from smsotpd.core.events import ConfigurationLoaded, Event
from smsotpd.journal.catalogue import message_id
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

# Neither is found in a journal by chance.
PIN: Final = "ahorn+7391"
PASSWORD: Final = "correct horse"
OUTBOX: Final = "/var/lib/smsotp/outbox"
DROP_INS: Final = "/etc/smsotp/smsotpd.d"

# All logins of the tests come from one address: limits per address would end the run. Gateways
# that a test defines carry nothing unless it names them in an order of its own.
FOR_TESTS: Final = """
[gateways]
allow_outbox = true
order = ["outbox"]
[limits]
guesses_per_origin_and_hour = 100000
sends_per_origin_and_day = 100000
"""

# What the journal itself writes; numbers in there mean nothing.
OF_THE_JOURNAL: Final = re.compile(
    r"__|_SOURCE_|_PID|_BOOT_ID|_MACHINE_ID|_?\w*INVOCATION_ID|MESSAGE_ID|SYSLOG_TIMESTAMP"
    # Of a boot, of a unit's end, of the journal's own size: six digits of them may be a code's.
    r"|\w+_N?USEC|\w+_NSEC|(?:CURRENT|MAX)_USE|LIMIT|DISK_|AVAILABLE|MEMORY_|IO_METRIC"
)

_numbers = itertools.count(10_000)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine; its phone is its own, and so are the messages sent there.

    `mark` is the journal's end before the user was there.
    """

    machine: Machine
    name: str
    phone: str
    mark: str = ""

    @property
    def masked(self) -> str:
        """Return the phone number as prompts show it."""
        return f"+49 ••• ••{self.phone[-2:]}"

    def messages(self) -> list[str]:
        """Return the texts that were sent to the phone, oldest first."""
        return [text for phone, text in outbox(self.machine) if phone == self.phone]

    def codes(self) -> list[str]:
        """Return the codes that were sent to the phone, oldest first."""
        found = (re.search(r"\b\d{6,10}\b", text) for text in self.messages())
        return [code[0] for code in found if code]

    def code(self) -> str:
        """Return the newest code."""
        return self.codes()[-1]

    def wrong_code(self) -> str:
        """Return a code that was never sent to the phone."""
        return next(code for code in ("000000", "111111") if code not in self.codes())

    def facts(self) -> dict[str, object]:
        """Return what the daemon says of the user: state, failures and so on."""
        return _ask(self.machine, "ShowUser", "s", self.name)

    def journal(self, event: type[Event]) -> list[dict[str, object]]:
        """Return the journal's entries about one class of events of this user, oldest first."""
        about = {"MESSAGE_ID": message_id(event), "SMSOTP_USER": self.name}
        return self.machine.journal(after=self.mark, **about)


def set_up(machine: Machine) -> None:
    """Let the daemon of a machine write its messages to the outbox, where tests read them."""
    machine.write_text(f"{DROP_INS}/tests.toml", FOR_TESTS)
    reload(machine)
    machine.run(["smsotpctl", "gateway", "configure", "outbox", "--type", "outbox"])


def no_account(machine: Machine) -> Account:
    """Return a name and a phone that no other has; the machine knows nothing of them."""
    number = next(_numbers)
    return Account(machine, f"user{number}", f"+4915112{number}0", machine.journal_mark())


def new_account(machine: Machine, *, sudo: bool = False) -> Account:
    """Create an account of a name that no other has, not enrolled."""
    account = no_account(machine)
    machine.add_user(account.name, PASSWORD, sudo=sudo)
    return account


def enrol(account: Account, *, pin: str = PIN) -> Account:
    """Enrol an account with its phone and a PIN."""
    words = ["smsotpctl", "user", "enrol", account.name, "--answers-stdin", "--no-verify"]
    account.machine.run(words, input=f"{account.phone}\n{pin}\n")
    return account


def outbox(machine: Machine) -> list[tuple[str, str]]:
    """Return recipient and text of every message that the outbox took, oldest first."""
    read = machine.run(["cat", OUTBOX], check=False)
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    return [(line["recipient"], line["text"]) for line in lines]


def open_transactions(machine: Machine) -> int:
    """Return how many logins are in progress."""
    count = _ask(machine, "Status")["transactions"]
    assert isinstance(count, int)
    return count


def journal_text(machine: Machine) -> str:
    """Return every field that anybody wrote to the journal since the machine was booted."""
    return "\n".join(
        f"{name}={value}"
        for entry in machine.journal()
        for name, value in entry.items()
        if not OF_THE_JOURNAL.match(name)
    )


def secrets_in_journal(machine: Machine) -> list[str]:
    """Name what stands in the journal although nobody may read it there."""
    text = journal_text(machine)
    found = ["a PIN"] if PIN in text else []
    for phone, message in outbox(machine):
        if message in text:
            found.append(f"the message {message!r}")
        if phone.removeprefix("+") in text:
            found.append(f"the number {phone}")
        found += [
            f"the code {code}"
            for code in re.findall(r"\b\d{6,10}\b", message)
            if re.search(rf"(?<!\w){code}(?!\w)", text)
        ]
    return found


@contextmanager
def settings(machine: Machine, text: str) -> Iterator[None]:
    """Put a drop-in into force for the time of a `with` block.

    Args:
        machine: whose daemon.
        text: TOML; it wins over the rest of the configuration.
    """
    path = f"{DROP_INS}/this-test.toml"
    machine.write_text(path, text)
    reload(machine)
    try:
        yield
    finally:
        machine.run(["rm", path])
        reload(machine)


def reload(machine: Machine) -> None:
    """Let the daemon read its configuration, and wait until it is in force."""
    mark = machine.journal_mark()
    machine.run(["systemctl", "reload-or-restart", "smsotpd"])
    loaded = message_id(ConfigurationLoaded)
    wait_until(
        lambda: machine.journal(after=mark, MESSAGE_ID=loaded), 30, "the configuration is in force"
    )


def _ask(machine: Machine, *method: str) -> dict[str, object]:
    """Call a method of the daemon's that returns a{sv}; smsotpctl would take ten times as long."""
    call = ["org.smsotp1", "/org/smsotp1", "org.smsotp1.Admin", *method]
    answer = json.loads(machine.run(["busctl", "--json=short", "call", *call]).stdout)
    return {name: variant["data"] for name, variant in answer["data"][0].items()}
