# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl modem` shows the gateways that are modems."""

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

FACTS = [["Modem", "huawei E1752"], ["SIM", "ready"], ["Network", "roaming, Operator"],
         ["Signal", "-79 dBm, 4 of 5 bars"], ["Waiting", "0"]]  # fmt: skip


class Host(FakeDaemon):
    """A daemon that tells how its gateways are."""

    condition = "ready"
    facts = FACTS

    def _GatewayStatus(self, name: str) -> dict[str, Any]:  # noqa: N802  # named like the bus member
        return {
            "name": name, "breaker": "closed", "failures": 0, "recent": [],
            "condition": self.condition, "summary": "registered: roaming", "facts": self.facts,
        }  # fmt: skip


@pytest.fixture
def daemon() -> FakeDaemon:
    host = Host()
    for name, type_id in (("gsm", "modem"), ("lte", "modemmanager"), ("sms", "http")):
        host.gateways[name] = {"name": name, "type": type_id, "source": "store", "enabled": True}
    return host


def test_modems_are_listed_with_what_matters(shell: Shell) -> None:
    found = shell.run("modem", "list")
    assert found.exit_code == 0
    for text in ("gsm", "huawei E1752", "ready", "roaming, Operator", "-79 dBm, 4 of 5 bars"):
        assert text in found.output
    assert "sms " not in found.output
    entries = json.loads(shell.run("modem", "list", "--json").output)
    assert [entry["name"] for entry in entries] == ["gsm", "lte"]
    assert all(entry["facts"] == FACTS for entry in entries)


def test_each_modem_of_a_pool_has_a_row(shell: Shell, daemon: FakeDaemon) -> None:
    assert isinstance(daemon, Host)
    daemon.facts = [
        ["1: State", "ready: registered: home network"], ["1: Signal", "-79 dBm, 4 of 5 bars"],
        ["2: State", "down: the modem was unplugged"], ["2: Port", "/dev/ttyUSB2"],
        ["Waiting", "3"],
    ]  # fmt: skip
    lines = shell.run("modem", "list").output.splitlines()
    (first,) = [line for line in lines if "gsm 1" in line]
    (second,) = [line for line in lines if "gsm 2" in line]
    assert "ready" in first
    assert "-79 dBm, 4 of 5 bars" in first
    assert "down" in second
    assert "the modem was unplugged" in second
    assert "-79" not in second


def test_without_a_modem_it_says_how_to_define_one(shell: Shell, daemon: FakeDaemon) -> None:
    del daemon.gateways["gsm"], daemon.gateways["lte"]
    assert "smsotpctl gateway configure" in shell.run("modem", "list").output


def test_a_modems_status_is_its_gateways(shell: Shell, daemon: FakeDaemon) -> None:
    assert "-79 dBm" in shell.run("modem", "status", "gsm").output
    assert isinstance(daemon, Host)
    daemon.condition = "down"
    assert shell.run("modem", "status", "gsm").exit_code != 0


def test_a_test_message_goes_through_the_modem(shell: Shell, daemon: FakeDaemon) -> None:
    daemon.gateways["gsm"]["settings"] = {}
    sent = shell.run("modem", "send-test", "gsm", "--to-fd", "0", typed="+491701234567\n")
    assert sent.exit_code == 0
    assert "TestGateway" in daemon.calls
