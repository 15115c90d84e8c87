# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Admin.Status: how the daemon is, in words and numbers."""

import time
from typing import Any

from dbus_next import Variant
from prometheus_client.parser import text_string_to_metric_families

from smsotpd.cli.exposition import exposition, samples_of
from tests.bus.client import ADMIN, Client
from tests.bus.conftest import CONFIGURATION, PHONE, PIN
from tests.bus.daemon import Daemon


def plain(value: Any) -> Any:
    match value:
        case Variant():
            return plain(value.value)
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case _:
            return value


async def status(root: Client) -> dict[str, Any]:
    (reply,) = await root.call(ADMIN, "Status")
    shown = plain(reply)
    assert isinstance(shown, dict)
    return shown


def numbers(shown: dict[str, Any]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what Prometheus would read."""
    text = exposition(samples_of(shown["samples"]))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def log_in(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    await root.respond(transaction, PIN)
    assert (await root.respond(transaction, daemon.code()))[-1] == ["outcome", "PAM_SUCCESS"]


async def test_a_daemon_at_rest(root: Client) -> None:
    shown = await status(root)

    assert shown.pop("samples")
    now = time.time()  # noqa: TID251  # compared with what another process calls the time
    assert all(now - 60 < shown.pop(name) < now + 1 for name in ("started_at", "configuration_at"))
    assert shown.pop("uptime_seconds") < 60
    assert shown == {
        "version": "0.1.0",
        "transactions": 0,
        "users": 1,
        "locked_users": 0,
        "disabled_users": 0,
        "out_of_reach": [],
        "invitations": 0,
        "invited": [],
        "gateways": 1,
        "enabled_gateways": 1,
        "gateway_states": [
            {"name": "outbox", "type": "outbox", "enabled": True, "breaker": "closed",
             "failures": 0, "condition": "unknown", "summary": "", "facts": []}
        ],
        "configuration_files": 1,
        "configuration_complaint": "",
        "budgets": [
            {"kind": "send", "used": 0, "most": 5000, "window_seconds": 86_400, "since_at": 0},
            {"kind": "guess", "used": 0, "most": 20_000, "window_seconds": 3600, "since_at": 0},
        ],
        "prefix_budgets": [],
    }  # fmt: skip


async def test_after_a_login(root: Client, daemon: Daemon) -> None:
    await log_in(root, daemon)

    shown = await status(root)

    [gateway], [sends, _guesses] = shown["gateway_states"], shown["budgets"]
    assert (gateway["last"], sends["used"]) == ("accepted", 1)
    assert sends["since_at"] > 0
    found = numbers(shown)
    assert found[key("smsotp_logins_total", service="sshd", outcome="granted")] == 1
    assert found[key("smsotp_codes_total", gateway="outbox", outcome="accepted")] == 1
    assert found[key("smsotp_code_latency_seconds_bucket", gateway="outbox", le="+Inf")] == 1
    assert found[key("smsotp_budget_remaining", kind="send")] == 4999
    assert found[key("smsotp_gateway_up", gateway="outbox")] == 1
    assert PHONE.removeprefix("+") not in str(shown)
    assert "alice" not in str(shown["samples"])


async def test_the_numbers_of_a_country_have_budgets_that_are_shown(
    root: Client, daemon: Daemon
) -> None:
    (daemon.configuration / "smsotpd.toml").write_text(
        f"{CONFIGURATION}sends_per_prefix_and_day = 3\nguesses_per_prefix_and_hour = 70\n"
    )
    daemon.reload()
    await root.enrol("bob", "+4366412345678", PIN)
    await root.enrol("carol", "carol@example.org", PIN, channel="xmpp")
    await log_in(root, daemon)
    transaction, _ = await root.begin("bob")
    await root.respond(transaction, "wrong")
    for user in ("carol", "nobody"):
        transaction, _ = await root.begin(user)
        await root.respond(transaction, "wrong")

    shown = await status(root)

    since = [budget.pop("since_at") for budget in shown["prefix_budgets"]]
    assert all(shown["started_at"] <= each for each in since)
    assert shown["prefix_budgets"] == [
        {"prefix": "49", "kind": "send", "used": 1, "most": 3, "window_seconds": 86_400},
        {"prefix": "43", "kind": "guess", "used": 1, "most": 70, "window_seconds": 3600},
        {"prefix": "49", "kind": "guess", "used": 0, "most": 70, "window_seconds": 3600},
    ]
    found = numbers(shown)
    assert found[key("smsotp_prefix_budget", kind="send")] == 3
    assert found[key("smsotp_prefix_budget_remaining", kind="send", prefix="49")] == 2
    assert found[key("smsotp_prefix_budget_remaining", kind="guess", prefix="43")] == 69
    assert key("smsotp_prefix_budget_remaining", kind="send", prefix="43") not in found


async def test_who_is_invited_is_shown_until_enrolled(root: Client) -> None:
    await root.call(ADMIN, "InviteUser", "su", ["bob", 3600])
    await root.call(ADMIN, "InviteUser", "su", ["carol", 7200])

    shown = await status(root)

    (bob, carol) = shown["invited"]
    assert (bob[0], carol[0], shown["invitations"]) == ("bob", "carol", 2)
    assert shown["started_at"] + 3590 < bob[1] < carol[1] - 3590
    assert numbers(shown)[key("smsotp_invitations")] == 2

    await root.enrol("bob", "+4915112345680", PIN)

    shown = await status(root)
    assert ([user for user, _until in shown["invited"]], shown["invitations"]) == (["carol"], 1)


async def test_a_locked_and_a_disabled_user(root: Client, daemon: Daemon) -> None:
    (daemon.configuration / "smsotpd.toml").write_text(f"{CONFIGURATION}failures_to_lock = 2\n")
    daemon.reload()
    await root.enrol("bob", "+4915112345680", PIN)
    await root.call(ADMIN, "DisableUser", "s", ["bob"])
    for _ in range(3):
        transaction, _ = await root.begin("alice")
        await root.respond(transaction, "wrong")

    shown = await status(root)

    (alice, bob) = shown["out_of_reach"]
    assert alice[:2] == ["alice", "locked"]
    assert alice[2] > shown["started_at"] + 1700
    assert bob == ["bob", "disabled", 0]
    found = numbers(shown)
    assert found[key("smsotp_users", state="locked")] == 1
    assert found[key("smsotp_guesses_refused_total", reason="locked")] == 1
    assert found[key("smsotp_events_total", event="user-locked")] == 1


async def test_a_reload_that_was_refused_and_one_that_was_not(root: Client, daemon: Daemon) -> None:
    file = daemon.configuration / "smsotpd.toml"
    file.write_text(f"{CONFIGURATION}nonsense = 1\n")
    daemon.reload()

    shown = await status(root)
    assert "smsotpd.toml:" in shown["configuration_complaint"]
    assert "nonsense" in shown["configuration_complaint"]
    assert numbers(shown)[key("smsotp_configuration_ok")] == 0

    file.write_text(CONFIGURATION)
    daemon.reload()

    shown = await status(root)
    assert shown["configuration_complaint"] == ""
    assert numbers(shown)[key("smsotp_configuration_ok")] == 1
