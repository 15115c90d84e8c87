# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for the terminal in C alone: threads, memory, what the compiler finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pam.built import NATIVE, RACE_CHECKED, SANITIZED, SOURCE, built
from tests.pam.private_host import facts
from tests.static.tool import assert_silent, located, output_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pam.private_host import PrivateHost

WHOLE_LOGIN = [
    {"steps": [["hidden", "PIN: "]]},
    {"steps": [["info", "Code sent."], ["hidden", "Code: "]]},
    {"steps": [["outcome", "PAM_SUCCESS"]]},
]
SOURCES = sorted(SOURCE.glob("*.c"))


@pytest.mark.parametrize("terminal", [NATIVE, SANITIZED, RACE_CHECKED], indirect=True)
def test_many_threads_log_in_at_once_and_leave_no_descriptor(host: PrivateHost) -> None:
    # The scripted daemon keeps one script: logins of a single step do not disturb each other.
    with host.daemon({"loop": [{"steps": [["outcome", "PAM_SUCCESS"]]}]}) as daemon:
        done = host.run(
            # ThreadSanitizer needs memory where it expects it.
            "setarch", "--addr-no-randomize",
            host.thread_driver, "8", "10", host.use_terminal(), "alice", "1",
        )  # fmt: skip
        assert done.stderr == "", "no race, no wrong access"
        assert done.returncode == 0
        assert facts(done.stdout, ["granted"]) == ["granted 80"]
        [(before, after)] = [line.split()[1:] for line in facts(done.stdout, ["fds"])]
        assert before == after
        assert daemon.members().count("Begin") == 81


@pytest.mark.parametrize("answer", ["Pq7-vexed-Zw", "x" * 200 + "Pq7-vexed-Zw"], ids=len)
@pytest.mark.parametrize("terminal", [NATIVE], indirect=True)
def test_no_copy_of_an_answer_is_left_in_memory(host: PrivateHost, answer: str) -> None:
    for reply in (WHOLE_LOGIN[2], {"error": "org.example.Surprise"}, {"die": True}):
        with host.daemon([WHOLE_LOGIN[0], reply]) as daemon:
            done = host.drive("-m", "-x", answer.encode().hex(), host.use_terminal(), "alice")
            assert facts(done.stdout, ["copies"]) == ["copies 0"]
            assert daemon.calls()[1] == ("Respond", ["transaction-1", answer])


@pytest.mark.parametrize("terminal", [NATIVE], indirect=True)
def test_an_answer_that_is_refused_is_wiped_as_well(host: PrivateHost) -> None:
    with host.daemon([WHOLE_LOGIN[0]]):
        answer = b"Pq7-vexed-Zw" * 50
        done = host.drive("-m", "-x", answer.hex(), host.use_terminal(), "alice")
        assert facts(done.stdout, ["copies", "result"]) == ["copies 0", "result 7"]


def test_the_driver_finds_a_copy_where_there_is_one(python_host: PrivateHost) -> None:
    # Python cannot wipe its strings.
    with python_host.daemon([WHOLE_LOGIN[0], WHOLE_LOGIN[2]]):
        answer = b"Pq7-vexed-Zw".hex()
        done = python_host.drive("-m", "-x", answer, python_host.use_terminal(), "alice")
        [found] = facts(done.stdout, ["copies"])
        assert int(found.split()[1]) > 0


@pytest.mark.parametrize("terminal", [NATIVE], indirect=True)
def test_valgrind_sees_no_wrong_access_and_no_leak(host: PrivateHost) -> None:
    located("valgrind")
    for script, answers in (
        ({"loop": WHOLE_LOGIN}, ["2580", "123456"]),
        ({"loop": [WHOLE_LOGIN[0], {"error": "org.example.Surprise"}]}, ["2580"]),
        ([{"raw": ["u", [0]]}], []),
    ):
        with host.daemon(script):
            done = host.run(
                "valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
                "--errors-for-leak-kinds=definite,indirect,possible", host.driver, "-r", "3",
                host.use_terminal("debug"), "alice", *answers,
                seconds=100,
            )  # fmt: skip
        assert len(facts(done.stdout, ["result"])) == 3
        assert done.stderr == ""
        assert done.returncode != 99


def test_nothing_but_the_six_functions_can_be_reached_from_outside() -> None:
    status, output = output_of("nm", "--dynamic", "--defined-only", built(NATIVE))
    assert status == 0
    assert {line.split()[-1] for line in output.splitlines()} == {
        f"pam_sm_{name}"
        for name in (
            "acct_mgmt", "authenticate", "chauthtok", "close_session", "open_session", "setcred",
        )
    }  # fmt: skip


def test_nothing_of_its_own_is_kept_between_two_calls() -> None:
    # B, D and their like: data that can be written. _end and the like are the linker's.
    _, output = output_of("nm", "--format=posix", built(NATIVE))
    kept = [line for line in output.splitlines() if line.split()[1] in "bBcCgGsS"]
    assert [line for line in kept if not line.startswith(("completed", "__", "_end"))] == []


def test_it_asks_for_no_environment_and_no_handler_and_formats_into_bounds_only() -> None:
    _, output = output_of("nm", "--dynamic", "--undefined-only", built(NATIVE))
    wanted = {line.split()[-1].partition("@")[0] for line in output.splitlines()}
    assert "__explicit_bzero_chk" in wanted
    refused = {
        "getenv", "secure_getenv", "sigaction", "signal", "sigprocmask", "pthread_create", "fork",
        "sprintf", "printf", "openlog", "setlocale", "strtok", "getpwnam", "sd_bus_open_system",
    }  # fmt: skip
    assert wanted & refused == set()


def test_it_is_hardened() -> None:
    _, output = output_of("readelf", "--wide", "--dynamic", "--program-headers", built(NATIVE))
    for sign in ("BIND_NOW", "GNU_RELRO", "NODELETE"):
        assert sign in output
    assert "TEXTREL" not in output
    [stack] = [line for line in output.splitlines() if "GNU_STACK" in line]
    assert "RWE" not in stack
    _, output = output_of("nm", "--dynamic", "--undefined-only", built(NATIVE))
    assert "__stack_chk_fail" in output
    assert "__vsnprintf_chk" in output


def test_the_compilers_analyzer_finds_nothing(tmp_path: Path) -> None:
    assert_silent(
        "gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wvla",
        "-Wstrict-prototypes", "-fanalyzer",
        "-fPIC", "-shared", "-o", tmp_path / "analyzed.so", *SOURCES, "-lpam", "-lsystemd",
    )  # fmt: skip
