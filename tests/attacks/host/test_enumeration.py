# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Finding out through sshd who is there, who is enrolled, who is locked: by words or by time.

Timed is what our module and daemon do, from the answer to the refusal. The time before the prompt
is sshd's own: it pads that by an amount that depends on the name (auth2.c, user_specific_delay).
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.attacks.paired_times import confirmed, telling
from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.system.ssh.server import ONE_TRY
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin

pytestmark = pytest.mark.system

Samples = Mapping[str, list[tuple[float, str]]]

# `make attack` takes the long form.
ROUNDS: Final = 100 if os.environ.get("ATTACK") == "long" else 30
SCRIPT: Final = Path(__file__).with_name("timed_refusals.py")
# Of fresh users each, for after a hundred failures every user is disabled.
BLOCKS: Final = 2
# As often as the test guesses, nobody may lock, wait or use up a budget meanwhile.
PATIENT: Final = """
[limits]
failures_to_lock = 100
delay_step_seconds = 0
guesses_per_phone_and_hour = 100000
"""


@pytest.fixture(scope="module")
def samples(server: Machine) -> Samples:
    """Refusals of users of every kind, taken in turn."""
    return samples_of(server)


def samples_of(server: Machine) -> Samples:
    server.copy_in(SCRIPT, "/run/timed_refusals.py")
    found: dict[str, list[tuple[float, str]]] = {}
    for _ in range(BLOCKS):
        for kind, taken in samples_of_fresh_users(server, ROUNDS // BLOCKS).items():
            found.setdefault(kind, []).extend(taken)
    return found


def samples_of_fresh_users(server: Machine, rounds: int) -> Samples:
    wrong, locked, disabled = (accounts.enrol(accounts.new_account(server)) for _ in range(3))
    lock(locked)
    server.run(["smsotpctl", "user", "disable", disabled.name])
    unenrolled = accounts.new_account(server)
    unknown = f"none{unenrolled.name.removeprefix('user')}"
    users = {
        "wrong PIN": (wrong.name, "Blumenkohl8"),
        "locked, right PIN": (locked.name, PIN),
        "disabled, right PIN": (disabled.name, PIN),
        "not enrolled": (unenrolled.name, PIN),
        "no account": (unknown, PIN),
    }
    argv = ["python3", "/run/timed_refusals.py", str(rounds)]
    with accounts.settings(server, PATIENT):
        assert locked.facts()["state"] == "locked"
        done = server.run(argv, input=json.dumps(users), timeout=900)
        assert locked.facts()["state"] == "locked"
        assert (wrong.facts()["state"], wrong.facts()["failures"]) == ("active", rounds + 1)
    found: Samples = json.loads(done.stdout)
    return found


def lock(account: Account) -> None:
    with (
        accounts.settings(account.machine, "[limits]\nfailures_to_lock = 1\n"),
        SshLogin(account.machine, account.name, options=ONE_TRY) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer("Blumenkohl8")
        assert not login.result().granted


def test_all_who_are_refused_see_the_same(samples: Samples, tried: Tried) -> None:
    tried(sum(len(each) for each in samples.values()))
    shown = {text for each in samples.values() for _, text in each}
    assert len(shown) == 1


def times_of(samples: Samples) -> dict[str, list[float]]:
    return {kind: [seconds for seconds, _ in each] for kind, each in samples.items()}


def test_all_who_are_refused_wait_equally_long(
    server: Machine, samples: Samples, tried: Tried
) -> None:
    tried(sum(len(each) for each in samples.values()))
    alarms = telling(times_of(samples))
    if alarms:
        alarms = confirmed(alarms, times_of(samples_of(server)))
    assert alarms == []
