# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure what the terminal costs a login, against pam_permit and an empty pam_python module.

    python -m bench.terminal [RUNS]

Each run is a fresh process of the scripted PAM application; the daemon replies at once. Runs of
the different stacks take turns, so that a change of the machine's load meets all alike. Needs what
tests/pam needs.
"""

from __future__ import annotations

import statistics
import sys

from tests.pam.private_host import PrivateHost, missing_requirement

EMPTY_MODULE = """
def pam_sm_authenticate(pamh, flags, argv):
    return pamh.PAM_SUCCESS


def pam_sm_setcred(pamh, flags, argv):
    return pamh.PAM_SUCCESS
"""
JEEPNEY_MODULE = "import jeepney.io.blocking\n" + EMPTY_MODULE
LOGIN = {
    "loop": [
        {"steps": [["hidden", "PIN: "]]},
        {"steps": [["info", "Code sent."], ["hidden", "Code: "]]},
        {"steps": [["outcome", "PAM_SUCCESS"]]},
    ]
}


def measure(host: PrivateHost, runs: int) -> dict[str, tuple[list[float], list[float]]]:
    """Return, by stack, the times in ms to the first prompt (or verdict) and to the end."""
    host.add_package("jeepney")
    empty = host.write_module("empty.py", EMPTY_MODULE)
    jeepney = host.write_module("jeepney_only.py", JEEPNEY_MODULE)
    stacks = {
        "pam_permit": "auth required pam_permit.so",
        "empty pam_python module": f"auth required pam_python.so {empty}",
        "terminal, whole login": host.terminal_line(),
        "(jeepney imported, no more)": f"auth required pam_python.so {jeepney}",
    }
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in stacks}
    for at, line in enumerate(stacks.values()):
        host.write_service(f"bench-{at}", line)
    with host.daemon(LOGIN):
        for _ in range(runs):
            for at, name in enumerate(stacks):
                done = host.drive("-q", f"bench-{at}", "alice", "2580", "123456")
                prompted, whole, result = done.stdout.split()
                if result != "0":
                    raise SystemExit(f"{name}: PAM result {result}: {host.log_lines()}")
                times[name][0].append(float(prompted))
                times[name][1].append(float(whole))
    return times


def main() -> None:
    """Print medians and their ratios to the empty module."""
    missing = missing_requirement()
    if missing:
        raise SystemExit(f"bench.terminal {missing}")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with PrivateHost() as host:
        times = measure(host, runs)
    empty_prompt, empty_whole = map(statistics.median, times["empty pam_python module"])
    print(f"medians of {runs} processes, ms          to prompt  ratio     whole  ratio")
    for name, (to_prompt, whole) in times.items():
        prompt_ms, whole_ms = statistics.median(to_prompt), statistics.median(whole)
        print(
            f"{name:38} {prompt_ms:9.1f} {prompt_ms / empty_prompt:6.2f}"
            f" {whole_ms:9.1f} {whole_ms / empty_whole:6.2f}"
        )


if __name__ == "__main__":
    main()
