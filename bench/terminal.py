# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what a PAM module costs a login in time and memory: ours, others, and none at all.

    python -m bench.terminal [RUNS]

Each run is a fresh process of the scripted PAM application; the daemon replies at once. Runs of
the different stacks take turns, so that a change of the machine's load meets all alike. Needs what
tests/pam and bench/prepare need.
"""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyotp

from bench.figures import Figure, machine, table
from tests.pam.built import NATIVE
from tests.pam.private_host import PYTHON, PrivateHost, missing_requirement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SUBJECT = "terminal"
EMPTY_MODULE = """
def pam_sm_authenticate(pamh, flags, argv):
    return pamh.PAM_SUCCESS


def pam_sm_setcred(pamh, flags, argv):
    return pamh.PAM_SUCCESS
"""
LOGIN = {
    "loop": [
        {"steps": [["hidden", "PIN: "]]},
        {"steps": [["info", "Code sent."], ["hidden", "Code: "]]},
        {"steps": [["outcome", "PAM_SUCCESS"]]},
    ]
}
PERMIT, EMPTY = "pam_permit", "pam_python, empty module"
PYTHON_TERMINAL, NATIVE_TERMINAL = "our terminal for pam_python", "our native terminal"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Stack:
    """A PAM stack, who answers its prompts, and what was measured."""

    line: str
    answers: Callable[[int], Sequence[str]] = lambda _: ()
    to_prompt: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    call: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)


def stacks(host: PrivateHost) -> dict[str, Stack]:
    """Return what is compared, each with PAM lines that the private host can run."""
    empty = host.write_module("empty.py", EMPTY_MODULE)
    paths = f"import sys\nsys.path.append({str(host.directory / 'system-packages')!r})\n"
    jeepney = host.write_module(
        "jeepney_only.py", paths + "import jeepney.io.blocking\n" + EMPTY_MODULE
    )
    requests = host.write_module("requests_only.py", paths + "import requests\n" + EMPTY_MODULE)
    found = {
        PERMIT: Stack("auth required pam_permit.so"),
        "pam_google_authenticator": _google_authenticator(host),
        "pam_oath": _oath(host),
        EMPTY: Stack(f"auth required pam_python.so {empty}"),
        "pam_python, jeepney imported": Stack(f"auth required pam_python.so {jeepney}"),
        "pam_python, requests imported": Stack(f"auth required pam_python.so {requests}"),
    }
    for name, terminal in ((PYTHON_TERMINAL, PYTHON), (NATIVE_TERMINAL, NATIVE)):
        host.terminal = terminal
        found[name] = Stack(host.terminal_line(), lambda _: ("2580", "123456"))
    host.terminal = PYTHON
    return found


def _google_authenticator(host: PrivateHost) -> Stack:
    secret = host.directory / "google-authenticator"
    secret.write_text(f'{SEED}\n" WINDOW_SIZE 17\n" TOTP_AUTH\n')
    secret.chmod(0o600)
    line = f"auth required pam_google_authenticator.so secret={secret} user=root"
    return Stack(line, lambda _: (pyotp.TOTP(SEED).now(),))


def _oath(host: PrivateHost) -> Stack:
    users = host.directory / "users.oath"
    users.write_text(f"HOTP alice - {pyotp.HOTP(SEED).byte_secret().hex()}\n")
    users.chmod(0o600)
    line = f"auth required pam_oath.so usersfile={users} window=20 digits=6"
    # It counts on after each login.
    return Stack(line, lambda run: (pyotp.HOTP(SEED).at(run),))


def run_all(runs: int) -> dict[str, Stack]:
    """Run each stack as many times, taking turns, and once before to fill the caches."""
    with PrivateHost() as host:
        compared = stacks(host)
        for at, stack in enumerate(compared.values()):
            host.write_service(f"bench-{at}", stack.line)
        with host.daemon(LOGIN):
            for run in range(runs + 1):
                for at, (name, stack) in enumerate(compared.items()):
                    done = host.drive("-q", f"bench-{at}", "alice", *stack.answers(run))
                    *times, result, resident = done.stdout.split()
                    if result != "0":
                        raise SystemExit(f"{name}: PAM result {result}: {host.log_lines()}")
                    host.log_lines()
                    if run:
                        to_prompt, whole, call = map(float, times)
                        stack.to_prompt.append(to_prompt)
                        stack.whole.append(whole)
                        stack.call.append(call)
                        stack.resident.append(int(resident) / 1024)
    return compared


def measure(runs: int = 40) -> list[Figure]:
    """Return medians: time from pam_start to the verdict, of pam_authenticate, and memory."""
    compared = run_all(runs)
    permit = compared[PERMIT]
    figures = []
    for name, stack in compared.items():
        is_native = name == NATIVE_TERMINAL
        above = {
            "from pam_start to the verdict": (stack.whole, permit.whole, "ms", 10),
            "in pam_authenticate": (stack.call, permit.call, "ms", 10),
            "resident memory": (stack.resident, permit.resident, "MiB", None),
        }
        for what, (values, base, unit, aim) in above.items():
            median = statistics.median(values)
            figures.append(Figure(SUBJECT, f"{name}, {what}", median, unit))
            if is_native:
                more = median - statistics.median(base)
                figures.append(
                    Figure(SUBJECT, f"{name}, {what}, over {PERMIT}", more, unit, at_most=aim)
                )
    ours, empty = compared[PYTHON_TERMINAL], compared[EMPTY]
    for what, values, base in (
        ("to the first prompt", ours.to_prompt, empty.to_prompt),
        ("whole login", ours.whole, empty.whole),
    ):
        ratio = statistics.median(values) / statistics.median(base)
        name = f"{PYTHON_TERMINAL}, {what}, against {EMPTY}"
        figures.append(Figure(SUBJECT, name, ratio, "x", at_most=1.5))
    return figures


def main() -> None:
    """Print the table and the machine's load."""
    missing = missing_requirement()
    if missing:
        raise SystemExit(f"bench.terminal {missing}")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    before = os.getloadavg()[0]
    print(table(measure(runs)))
    print(f"\nmedians of {runs} processes; load {before:.2f} before, {machine()['load']} after")


if __name__ == "__main__":
    main()
