# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Providers that a machine meets on its own internet, and the phones that they serve."""

import io
import itertools
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smsotpd.core.channel import parse_recipient
from tests.fakes.certificates import Authority
from tests.fakes.providers.strict import Simulator
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.gateways.internet import LOG, READY, SITES, Exchange, address_of
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.tree import ROOT
from tests.testhost.waiting import wait_until

CHECKOUT: Final = "/opt/internet"
CERTIFICATES: Final = f"{CHECKOUT}/certificates"
AUTHORITY: Final = "/usr/local/share/ca-certificates/test-authority.crt"
SIMULATORS: Final = ("tests/fakes", "tests/system/gateways/internet.py")

# In all the addresses of a person there is this number, which no other person has.
_persons = itertools.count(40_000)


def connect(machine: Machine, directory: Path) -> None:
    """Give a machine an internet, and let it trust the authority of all sites but some.

    Args:
        machine: without a network of its own.
        directory: empty; certificates are made in there.
    """
    trusted, unknown = directory / "trusted", directory / "unknown"
    trusted.mkdir()
    unknown.mkdir()
    authorities = {True: Authority(trusted), False: Authority(unknown, "Another authority")}
    machine.copy_in(authorities[True].file, AUTHORITY)
    machine.run(["update-ca-certificates"])
    for site in SITES:
        certificate = authorities[site.is_trusted].server_file(site.host)
        machine.copy_in(certificate, f"{CERTIFICATES}/{site.host}.pem", 0o600)
    names = "".join(f"{address_of(site)} {site.host}\n" for site in SITES)
    machine.write_text("/etc/hosts", machine.read_text("/etc/hosts") + names)
    machine.run(["tar", "--extract", f"--directory={CHECKOUT}"], input=_archive())
    words = ["python3", "-m", "tests.system.gateways.internet", CERTIFICATES]
    machine.run(["systemd-run", "--unit=internet", f"--working-directory={CHECKOUT}", *words])
    wait_until(
        lambda: machine.run(["test", "-e", str(READY)], check=False).returncode == 0,
        15,
        "the internet is there",
    )


def _archive() -> bytes:
    """Return the simulators' source as a tar file."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name in SIMULATORS:
            archive.add(ROOT / name, name, filter=_source_only)
    return written.getvalue()


def _source_only(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return member if member.isdir() or member.name.endswith(".py") else None


def configure(
    machine: Machine,
    name: str,
    simulator: Simulator,
    *,
    settings: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> None:
    """Define a gateway as the simulator's account is, but for what is given; no URL is set."""
    words = ["--type", simulator.gateway_id]
    for key, text in {**simulator.settings, **(settings or {})}.items():
        words += ["--set", f"{key}={text}"]
    given = {**simulator.secrets, **(secrets or {})}
    for key in given:
        words += ["--set-secret", key]
    lines = "".join(f"{text}\n" for text in given.values())
    machine.run(["smsotpctl", "gateway", "configure", name, *words], input=lines)


def order(*names: str) -> str:
    """Return the TOML that lets these gateways carry everything, in this order."""
    return f"[gateways]\norder = {json.dumps(names)}\n"


def exchanges(machine: Machine) -> list[Exchange]:
    """Return all that any site was asked, oldest first."""
    lines = machine.read_text(str(LOG)).splitlines()
    return [Exchange(**json.loads(line)) for line in lines]


@dataclass(frozen=True)
class Person:
    """An account with a number of its own, in which way it may be reached."""

    account: Account
    number: int

    @property
    def machine(self) -> Machine:
        return self.account.machine

    @property
    def name(self) -> str:
        return self.account.name

    def address(self, channel: str) -> str:
        """Return the person's address on a channel."""
        match channel:
            case "telegram":
                return f"7{self.number}0"
            case "xmpp":
                return f"person{self.number}@xmpp.example"
            case _:
                return self.account.phone

    def masked(self, channel: str) -> str:
        """Return the address as prompts show it."""
        return parse_recipient(channel, self.address(channel)).masked

    def enrol(self, *channels: str) -> "Person":
        """Enrol the person with a PIN, on the first channel and then on the others."""
        for channel in channels:
            words = ["smsotpctl", "user", "enrol", self.name, "--channel", channel, "--no-verify"]
            # An empty line keeps the PIN.
            pin = PIN if channel == channels[0] else ""
            answers = f"{self.address(channel)}\n{pin}\n"
            self.machine.run([*words, "--answers-stdin"], input=answers)
        return self

    def received(self, host: str = "") -> list[str]:
        """Return the bodies that sites, or one of them, took for the person, oldest first."""
        return [
            each.text
            for each in exchanges(self.machine)
            if each.taken and host in {"", each.host} and each.is_about(self.number)
        ]

    def code(self, host: str = "") -> str:
        """Return the newest code that was sent to the person."""
        return codes_in(self.received(host)[-1])[0]


def codes_in(text: str) -> list[str]:
    """Return the codes that stand in a message."""
    return [str(code) for code in re.findall(r"\b(?:\d{6}|\d{10})\b", text)]


def new_person(machine: Machine, country: str = "+49151") -> Person:
    """Create an account of a person with addresses of its own, not enrolled."""
    number = next(_persons)
    account = accounts.new_account(machine)
    phone = f"{country}{number}00"
    return Person(Account(machine, account.name, phone, account.mark), number)


def log_in(person: Person, channel: str = "sms", host: str = "") -> None:
    """Log in by ssh with PIN and code, which must come on this channel, from this site."""
    with SshLogin(person.machine, person.name) as login:
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {person.masked(channel)}: ")
        login.answer(person.code(host))
        assert login.result().granted
