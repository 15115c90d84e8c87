# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Starting, reloading and ending, as systemd sees it."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import SECONDS, Daemon
from tests.bus.private_bus import private_bus


async def test_the_watchdog_hears_of_us(daemon: Daemon) -> None:
    daemon.wait_for_notice("WATCHDOG=1", times=3)
    assert daemon.notices.index("READY=1") >= 0


async def test_a_reload_takes_a_new_configuration(root: Client, daemon: Daemon) -> None:
    file = daemon.configuration / "smsotpd.toml"
    file.write_text(file.read_text() + "\n[policy.default]\npin_prompt = 'Secret word: '\n")
    daemon.reload()
    assert "RELOADING=1" in daemon.notices
    assert (await root.begin("alice"))[1] == [["hidden", "Secret word: "]]


async def test_a_failed_reload_changes_nothing(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    (daemon.configuration / "smsotpd.toml").write_text("[policy.default]\nfactor = ['code']\n")
    daemon.reload()
    steps = await root.respond(transaction, PIN)
    assert steps[-1][0] == "hidden"
    assert await root.respond(transaction, daemon.code()) == [["outcome", "PAM_SUCCESS"]]


async def test_a_bad_configuration_does_not_start(daemon: Daemon) -> None:
    daemon.stop()
    (daemon.configuration / "smsotpd.toml").write_text("[policy.sshd]\nfactor = ['code']\n")
    refused = Daemon(daemon.address, daemon.directory)
    assert refused.process.stderr is not None
    said = refused.process.stderr.read()
    assert refused.stop() == os.EX_CONFIG
    assert "smsotpd.toml:2: policy.sshd.factor: is no key" in said
    assert "Traceback" not in said


async def test_all_that_is_wrong_is_told_at_a_reload_and_a_start(
    root: Client, daemon: Daemon
) -> None:
    wrong = "[policy.sshd]\nfactor = ['code']\ncode_digits = 3\n"
    (daemon.configuration / "smsotpd.toml").write_text(wrong)
    complaints = ("smsotpd.toml:2: policy.sshd.factor", "smsotpd.toml:3: policy.sshd.code_digits")

    daemon.reload()

    [status] = await root.call(ADMIN, "Status")
    told = status["configuration_complaint"].value
    assert all(complaint in told for complaint in complaints)
    daemon.stop()
    refused = Daemon(daemon.address, daemon.directory)
    assert refused.process.stderr is not None
    said = refused.process.stderr.read()
    assert refused.stop() == os.EX_CONFIG
    assert all(complaint in said for complaint in complaints)


async def test_a_second_daemon_is_refused(
    daemon: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> None:
    second = Daemon(daemon.address, tmp_path_factory.mktemp("second"))
    assert second.process.wait(SECONDS) == os.EX_UNAVAILABLE
    assert second.process.stderr is not None
    assert "is smsotpd running already?" in second.process.stderr.read()
    second.stop()
    assert daemon.process.poll() is None


async def test_a_daemon_over_the_same_state_is_refused(daemon: Daemon) -> None:
    second = Daemon(daemon.address, daemon.directory)
    assert second.process.stderr is not None
    assert second.process.wait(SECONDS) == os.EX_UNAVAILABLE
    assert "Traceback" not in second.process.stderr.read()
    second.stop()


async def test_sigterm_ends_cleanly(root: Client, daemon: Daemon) -> None:
    await root.begin("alice")
    assert daemon.stop() == 0


async def test_a_login_that_waits_is_answered_before_the_end(root: Client, daemon: Daemon) -> None:
    transaction, _ = await root.begin("alice")
    answer = asyncio.create_task(root.respond(transaction, PIN))
    await asyncio.sleep(0)
    assert (await root.call(ADMIN, "Status"))[0]["users"].value == 1
    daemon.process.terminate()
    steps = await answer
    assert steps[-1][0] == "hidden"
    assert daemon.process.wait(SECONDS) == 0


async def test_without_its_bus_the_daemon_ends_in_failure(tmp_path: Path) -> None:
    directory = tmp_path / "bus"
    directory.mkdir()
    with private_bus(directory) as address:
        orphan = Daemon(address, tmp_path)
        orphan.wait_ready()
    assert orphan.process.wait(SECONDS) == os.EX_UNAVAILABLE
    orphan.stop()


async def test_the_outbox_is_refused_unless_allowed(root: Client, daemon: Daemon) -> None:
    (daemon.configuration / "smsotpd.toml").write_text("[pin]\nmemory_kib = 8\n")
    daemon.reload()
    with pytest.raises(BusError) as caught:
        await root.configure("other", "outbox", {})
    assert caught.value.name == "org.smsotp1.Error.Refused"
    transaction, _ = await root.begin("alice", "login")
    assert (await root.respond(transaction, PIN))[-1] == ["outcome", "PAM_AUTHINFO_UNAVAIL"]
    assert daemon.process.poll() is None
