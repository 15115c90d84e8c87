# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Policies at work in the real daemon: what they ask for, what is remembered, what is explained."""

import json
import subprocess
import sys

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.bus.private_bus import ROOT

NOBODY = 65534
RHOST = "192.0.2.7"
POLICY = """
[policy.sshd]
trusted_networks = ["198.51.100.0/24"]
remember_hours = 1
required_groups = ["nobody-is-in-this-group"]
"""


@pytest.fixture
def policed(daemon: Daemon) -> Daemon:
    """Put a policy into force."""
    (daemon.configuration / "smsotpd.d").mkdir()
    (daemon.configuration / "smsotpd.d/policy.toml").write_text(POLICY)
    daemon.reload()
    return daemon


async def enrol_known_account(root: Client) -> str:
    """Enrol an account that the machine knows, so that its groups can be told."""
    await root.enrol("daemon", "+4915112345600", PIN)
    return "daemon"


async def test_a_trusted_address_and_a_remembered_one_are_asked_for_the_pin(
    root: Client, policed: Daemon
) -> None:
    user = await enrol_known_account(root)
    transaction, _ = await root.begin(user, rhost="198.51.100.9")
    assert await root.respond(transaction, PIN) == [["outcome", "PAM_SUCCESS"]]
    assert policed.messages() == []

    transaction, _ = await root.begin(user, rhost=RHOST)
    await root.respond(transaction, PIN)
    assert (await root.respond(transaction, policed.code()))[-1] == ["outcome", "PAM_SUCCESS"]
    policed.kill()
    policed.restart()
    async with Client(policed.address) as later:
        transaction, _ = await later.begin(user, rhost=RHOST)
        assert await later.respond(transaction, PIN) == [["outcome", "PAM_SUCCESS"]]
        assert await later.call(ADMIN, "ForgetHosts", "s", [user]) == [1]
        transaction, _ = await later.begin(user, rhost=RHOST)
        assert (await later.respond(transaction, PIN))[-1][0] == "hidden"


@pytest.mark.usefixtures("policed")
async def test_a_user_whom_no_directory_knows_is_asked_for_everything(root: Client) -> None:
    transaction, _ = await root.begin("alice", rhost="198.51.100.9")
    assert (await root.respond(transaction, PIN))[-1][0] == "hidden"


async def test_an_explanation_names_the_line_that_decides(root: Client, policed: Daemon) -> None:
    user = await enrol_known_account(root)
    body = [user, "sshd", "198.51.100.9"]
    (explained,) = await root.call(ADMIN, "ExplainPolicy", "sss", body)
    path = policed.configuration / "smsotpd.d/policy.toml"
    assert explained["checks"].value == [
        ["required_groups", "member of none of these", f"{path}:5"],
        ["trusted_networks", "198.51.100.9 is in 198.51.100.0/24", f"{path}:3"],
    ]
    assert explained["treatment"].value == "pin-alone"
    assert explained["mode"].value == "conversation"


@pytest.mark.usefixtures("root")
async def test_only_administrators_explain_and_forget(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY) as client:
        for member, signature, body in (
            ("ExplainPolicy", "sss", ["nobody", "sshd", ""]),
            ("ForgetHosts", "s", ["nobody"]),
        ):
            with pytest.raises(BusError) as caught:
                await client.call(ADMIN, member, signature, body)
            assert caught.value.name == "org.smsotp1.Error.NotAuthorized"


def check(daemon: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smsotpd.main", "--config", str(daemon.configuration)]
    environment = {"PYTHONPATH": f"{ROOT}/daemon"}
    return subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_a_file_is_checked_without_a_daemon(policed: Daemon) -> None:
    wrong = policed.directory / "wrong.toml"
    wrong.write_text("[policy.sshd]\ntrusted_networks = ['office.example.org']\n")
    done = check(policed, "--check-file", str(wrong), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["line"]) == (78, 2)
    assert found["key"] == "policy.sshd.trusted_networks"
    assert "never names" in found["complaint"]
    done = check(policed, "--check-file", str(wrong))
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(f"smsotpd: {wrong}:2: policy.sshd.trusted_networks: ")

    right = policed.configuration / "smsotpd.d/policy.toml"
    done = check(policed, "--check-file", str(right))
    assert (done.returncode, done.stdout) == (0, f"{right}: nothing wrong\n")
    done = check(policed, "--check", "--json")
    assert json.loads(done.stdout)["complaint"] == ""
