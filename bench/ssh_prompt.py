# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure how long sshd takes to the first prompt: pam_unix alone, and our PIN prompt.

    PYTHONPATH=daemon python -m bench.ssh_prompt [RUNS]

Real ssh and sshd on a booted Debian 12, from the start of the client to the prompt on its terminal.
The stacks take turns, so that a change of the machine's load meets all alike. Needs root, and the
built package (`make deb`).
"""

from __future__ import annotations

import statistics
import sys
import time

from tests.system import accounts
from tests.system.ssh.server import SERVICE, SETTINGS
from tests.testhost import requirements
from tests.testhost.machine import Machine
from tests.testhost.package import built_package, install
from tests.testhost.ssh import SshLogin, configure_sshd

EMPTY_MODULE = """
def pam_sm_authenticate(pamh, flags, argv):
    pamh.conversation(pamh.Message(pamh.PAM_PROMPT_ECHO_OFF, "Empty: "))
    return pamh.PAM_AUTH_ERR


def pam_sm_setcred(pamh, flags, argv):
    return pamh.PAM_SUCCESS
"""


def seconds_to(machine: Machine, user: str, prompt: str) -> float:
    """Return how long one ssh client takes to a prompt."""
    begun = time.monotonic()
    with SshLogin(machine, user) as login:
        login.expect_prompt(prompt)
        return time.monotonic() - begun


def measure(machine: Machine, runs: int) -> dict[str, list[float]]:
    """Return the times in seconds to the first prompt, by stack."""
    alice = accounts.enrol(accounts.new_account(machine)).name
    usual = machine.read_text(SERVICE)
    machine.run(["smsotpctl", "service", "enable", "sshd", "--confirm"])
    machine.write_text("/root/empty.py", EMPTY_MODULE)
    empty = usual.replace("@include common-auth", "auth required pam_python.so /root/empty.py")
    stacks = {
        "pam_unix": (usual, "Password: "),
        "a pam_python module that only asks": (empty, "Empty: "),
        "pam_smsotp": (machine.read_text(SERVICE), "PIN: "),
    }
    times: dict[str, list[float]] = {name: [] for name in stacks}
    for run in range(runs + 1):
        for name, (stack, prompt) in stacks.items():
            machine.write_text(SERVICE, stack)
            seconds = seconds_to(machine, alice, prompt)
            if run:  # the first of each finds cold caches
                times[name].append(seconds)
    return times


def main() -> None:
    """Print the medians and what they are above pam_unix alone."""
    if missing := requirements.missing():
        raise SystemExit(f"bench.ssh_prompt: {missing}")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with Machine("bookworm") as machine:
        install(machine, built_package())
        accounts.set_up(machine)
        configure_sshd(machine, SETTINGS)
        times = measure(machine, runs)
    least = statistics.median(times["pam_unix"])
    print(f"ssh to its first prompt, {runs} runs, ms     median    least     most  above pam_unix")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{name:38} {median * 1000:8.0f} {min(seconds) * 1000:8.0f} {max(seconds) * 1000:8.0f}"
            f" {(median - least) * 1000:15.0f}"
        )


if __name__ == "__main__":
    main()
