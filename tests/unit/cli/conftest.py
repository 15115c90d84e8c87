# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Run `smsotpctl` in this process, against a daemon and a machine of the test's own."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsotpd.cli.client import AdminClient
from smsotpd.cli.main import program
from smsotpd.cli.self_client import SelfClient
from smsotpd.cli.tool import Tool
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, fake_host
from tests.unit.cli.fake_records import FakeRecords


@dataclass
class Shell:
    """A person, or a script, that runs commands."""

    daemon: FakeDaemon
    host: FakeHost
    interactive: bool = False
    records: FakeRecords = field(default_factory=FakeRecords)
    outputs: list[str] = field(default_factory=list)

    def run(self, *arguments: str, typed: str | bytes = "") -> Result:
        tool = Tool(
            connect=lambda: nullcontext(AdminClient(self.daemon)),
            connect_self=lambda: nullcontext(SelfClient(self.daemon)),
            host=self.host,
            records=lambda: self.records,
            can_ask=lambda: self.interactive,
        )
        result = CliRunner().invoke(
            program, list(arguments), input=typed, obj=tool, prog_name="smsotpctl"
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        self.outputs.append(result.output)
        return result


@pytest.fixture
def holding() -> Iterator[Callable[[str], str]]:
    """Return what makes a descriptor that a text can be read from, and returns its number."""
    opened: list[int] = []

    def hold(text: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        opened.append(reading)
        return str(reading)

    yield hold
    for descriptor in opened:
        os.close(descriptor)


@pytest.fixture
def daemon() -> FakeDaemon:
    return FakeDaemon()


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    return fake_host(tmp_path)


@pytest.fixture
def shell(daemon: FakeDaemon, host: FakeHost) -> Shell:
    return Shell(daemon, host)


@pytest.fixture
def ready(shell: Shell, daemon: FakeDaemon) -> Shell:
    """Return a shell on a machine where somebody could log in."""
    daemon.gateways["main"] = {
        "name": "main", "type": "outbox", "source": "store", "enabled": True, "settings": {},
    }  # fmt: skip
    daemon.users["anna"] = {
        "user": "anna", "state": "active", "has_pin": True, "recipients": [["sms", "+49 ••• ••67"]],
    }  # fmt: skip
    daemon.pins["anna"] = "fishbone7"
    return shell
