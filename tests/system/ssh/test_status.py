# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl status` on a machine where people log in: numbers, and a view that moves."""

import json
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.system import accounts
from tests.system.accounts import Account
from tests.system.ssh.server import log_in, prove_pin
from tests.system.ssh.test_journal import give_pin
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

EXAMPLES: Final = "/usr/share/pam-smsotp/examples"
COLLECTED: Final = "/var/lib/prometheus/node-exporter/smsotp.prom"
LEAVE_SCREEN: Final = "\x1b[?1049l"


def numbers(text: str) -> dict[tuple[str, str], float]:
    """Return samples by name and by their labels in the order of their names."""
    return {
        (sample.name, ",".join(sample.labels[label] for label in sorted(sample.labels))):
            sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }  # fmt: skip


def test_numbers_grow_with_what_happens_and_name_nobody(server: Machine, alice: Account) -> None:
    command = ["smsotpctl", "status", "--prometheus"]
    before = numbers(server.run(command).stdout)
    log_in(alice)
    give_pin(alice, "wrong")

    text = server.run(command).stdout

    after = numbers(text)
    grown = {key: after[key] - before.get(key, 0) for key in after}
    assert grown["smsotp_logins_total", "granted,sshd"] == 1
    assert grown["smsotp_logins_total", "denied,sshd"] == 1
    assert grown["smsotp_codes_total", "outbox,accepted"] == 1
    assert grown["smsotp_code_latency_seconds_count", "outbox"] == 1
    assert grown["smsotp_budget_remaining", "send"] == -1
    assert after["smsotp_up", ""] == 1
    assert not any(word in text for word in (alice.name, alice.phone[1:], "::1"))


def test_a_timer_hands_the_numbers_to_a_collector(server: Machine) -> None:
    server.run(["mkdir", "-p", COLLECTED.rpartition("/")[0]])
    for unit in ("smsotp-metrics.service", "smsotp-metrics.timer"):
        server.run(["cp", f"{EXAMPLES}/{unit}", "/etc/systemd/system/"])
    server.run(["systemctl", "daemon-reload"])

    server.run(["systemctl", "start", "smsotp-metrics.service"])

    assert numbers(server.read_text(COLLECTED))["smsotp_up", ""] == 1
    server.run(
        ["systemd-analyze", "verify", "--man=no", "/etc/systemd/system/smsotp-metrics.timer"]
    )


@pytest.mark.parametrize("key", ["q", "\x03"])
def test_a_view_that_moves_ends_and_leaves_the_terminal_as_it_was(
    server: Machine, alice: Account, key: str
) -> None:
    command = ["smsotpctl", "status", "--watch", "--interval", "0.3"]
    view = server.spawn(command, env={"TERM": "xterm"})
    view.expect(r"Open logins\s+0")
    with SshLogin(server, alice.name) as login:
        prove_pin(login, alice)
        view.expect(r"Open logins\s+1")
    view.send(key)
    wait_until(lambda: not view.isalive(), 10, "it ends")
    assert view.exitstatus == 0
    rest = str(view.before) + view.read()
    assert LEAVE_SCREEN in rest
    assert "Traceback" not in rest


def test_a_locked_user_is_named_with_the_end_of_the_lock(server: Machine, alice: Account) -> None:
    with accounts.settings(server, "[limits]\nfailures_to_lock = 2\n"):
        give_pin(alice, "wrong")
        give_pin(alice, "wrong too")
        shown = json.loads(server.run(["smsotpctl", "status", "--json"]).stdout)
    assert (alice.name, "locked") in [(user, word) for user, word, _until in shown["out_of_reach"]]
    assert alice.phone[1:] not in str(shown)


def test_what_is_wrong_with_the_configuration_stands_there(server: Machine) -> None:
    path = f"{accounts.DROP_INS}/wrong.toml"
    server.write_text(path, "nonsense = 1\n")
    try:
        server.run(["systemctl", "reload", "smsotpd"])

        def shown() -> str:
            return server.run(["smsotpctl", "status"]).stdout

        wait_until(lambda: f"{path}:1" in shown(), 10, "the mistake is shown")
        assert "in force since" not in shown()
    finally:
        server.run(["rm", path])
        accounts.reload(server)
