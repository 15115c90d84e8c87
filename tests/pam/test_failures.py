# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Daemons, buses and users that misbehave: always a PAM code, never a way in."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.pam.private_host import IN_ANY_PROGRAM, facts, wait_until

if TYPE_CHECKING:
    from tests.pam.private_host import PrivateHost

PAM_AUTH_ERR = "result 7"
PAM_AUTHINFO_UNAVAIL = "result 9"
PAM_CONV_ERR = "result 19"
PAM_IGNORE = "result 25"
# With nothing but an ignored module, Linux-PAM itself denies.
PAM_PERM_DENIED = "result 6"
LINE = "error The second login step is not available now."
PIN = {"steps": [["hidden", "PIN: "]]}
# A second where nothing else runs, and far from the 40 s of the timeout. In seconds.
SOON = 5
GRANTED = {"steps": [["outcome", "PAM_SUCCESS"]]}


def result(host: PrivateHost, arguments: str, *words: str) -> str:
    """Return the result of a login with these PAM arguments."""
    done = host.drive(*words[:-1], host.use_terminal(arguments), "alice", *words[-1:])
    return facts(done.stdout, ["result"])[0]


def passes_over(host: PrivateHost, *answers: str) -> bool:
    """Say whether a stack of our terminal (fail=ignore) and pam_permit lets the user in."""
    host.write_service(
        "open", host.terminal_line("fail=ignore timeout=2"), "auth required pam_permit.so"
    )
    return host.drive("open", "alice", *answers).returncode == 0


@pytest.mark.parametrize(
    "reply",
    [
        {"steps": []},
        {"steps": [["info", "hello"]]},
        {"steps": [["outcome", "PAM_SUCCESS"], ["info", "hello"]]},
        {"steps": [["outcome", "PAM_SUCCESS"], ["outcome", "PAM_AUTH_ERR"]]},
        {"steps": [["hidden", "PIN: "], ["outcome", "PAM_SUCCESS"]]},
        {"steps": [["", ""], ["outcome", "PAM_SUCCESS"]]},
        {"steps": [["success", "PAM_SUCCESS"]]},
        {"steps": [["outcome", "pam_success"]]},
        {"steps": [["outcome", "PAM_SUCCESS "]]},
        {"steps": [["outcome", "PAM_SILENT"]]},
        {"steps": [["outcome", "__class__"]]},
        {"steps": [["outcome", ""]]},
        {"steps": [["authtok", ""]]},
        {"raw": ["u", [0]]},
        {"raw": ["", []]},
        {"raw": ["a(ss)", [[["outcome", "PAM_SUCCESS"]]]]},
        {"raw": ["ssa(ss)", ["transaction-1", "more", [["outcome", "PAM_SUCCESS"]]]]},
        {"huge": 3_000_000},
        {"error": "org.smsotp1.Error.NotAuthorized"},
        {"error": "org.smsotp1.Error.BadArgument"},
        {"error": "org.smsotp1.Error.NoSuchTransaction"},
        {"error": "org.freedesktop.DBus.Error.AccessDenied"},
        {"error": "org.example.Surprise"},
    ],
    ids=str,
)
def test_a_reply_that_is_no_grant_denies_and_is_never_passed_over(
    host: PrivateHost, reply: dict[str, object]
) -> None:
    with host.daemon([reply]):
        assert result(host, "") == PAM_AUTH_ERR
        assert not passes_over(host)


@pytest.mark.parametrize("code", ["PAM_AUTH_ERR", "PAM_MAXTRIES", "PAM_PERM_DENIED"])
def test_a_denial_is_never_passed_over(host: PrivateHost, code: str) -> None:
    with host.daemon([{"steps": [["outcome", code]]}]):
        assert not passes_over(host)


def test_a_policy_may_leave_a_user_to_the_rest_of_the_stack(host: PrivateHost) -> None:
    with host.daemon([{"steps": [["outcome", "PAM_IGNORE"]]}]):
        assert passes_over(host)


def test_nobody_there_denies_with_one_line(host: PrivateHost) -> None:
    done = host.drive(host.use_terminal(), "alice")
    assert facts(done.stdout) == [LINE]
    assert facts(done.stdout, ["result"]) == [PAM_AUTHINFO_UNAVAIL]
    assert "ServiceUnknown" in host.log_lines()[0]


def test_nobody_there_denies_with_one_line_even_in_silence(host: PrivateHost) -> None:
    done = host.drive("-s", host.use_terminal(), "alice")
    assert facts(done.stdout) == [LINE]
    assert facts(done.stdout, ["result"]) == [PAM_AUTHINFO_UNAVAIL]


def test_nobody_there_is_passed_over_where_the_administrator_said_so(host: PrivateHost) -> None:
    assert passes_over(host)
    assert "fail=ignore" in host.log_lines()[0]


def test_no_bus_is_the_same_as_nobody_there(own_host: PrivateHost) -> None:
    own_host.stop_bus()
    assert result(own_host, "", "") == PAM_AUTHINFO_UNAVAIL
    assert passes_over(own_host)


@pytest.mark.parametrize(
    "reply", [{"silence": True}, {"die": True}, {"error": "org.smsotp1.Error.Unavailable"}], ids=str
)
def test_a_daemon_that_fails_before_any_answer_counts_as_nobody_there(
    host: PrivateHost, reply: dict[str, object]
) -> None:
    with host.daemon([reply]):
        assert result(host, "timeout=1", "") == PAM_AUTHINFO_UNAVAIL
    with host.daemon([reply]):
        assert passes_over(host)


@pytest.mark.parametrize("reply", [{"silence": True}, {"die": True}], ids=str)
def test_a_daemon_that_fails_after_an_answer_is_never_passed_over(
    host: PrivateHost, reply: dict[str, object]
) -> None:
    with host.daemon([PIN, reply]):
        assert not passes_over(host, "0000")


def test_an_overloaded_daemon_is_never_passed_over(host: PrivateHost) -> None:
    with host.daemon([{"error": "org.smsotp1.Error.Busy"}]):
        assert result(host, "", "") == PAM_AUTHINFO_UNAVAIL
        assert not passes_over(host)


def test_the_deadline_ends_the_wait(host: PrivateHost) -> None:
    with host.daemon([PIN, {"silence": True}]) as daemon:
        started = time.monotonic()
        done = host.drive(host.use_terminal("timeout=1"), "alice", "2580")
        assert 1 <= time.monotonic() - started < 10
        assert facts(done.stdout, ["result"]) == [PAM_AUTHINFO_UNAVAIL]
        wait_until(lambda: daemon.members()[-1] == "Cancel")


def test_a_daemon_that_runs_as_root_is_trusted(host: PrivateHost) -> None:
    with host.daemon([GRANTED], uid=0):
        assert result(host, "", "") == "result 0"


@pytest.mark.parametrize(
    "arguments",
    ["mode=both", "fail=open", "timeout=0", "timeout=101", "timeout=²", "use_first_pass=yes",
     "debug=1", "pin_prompt=", "pin_promt=PIN:", "mode", "Debug", "fail=ignore fail=maybe"],
)  # fmt: skip
def test_a_typing_error_in_the_pam_line_refuses_and_names_the_argument(
    host: PrivateHost, arguments: str
) -> None:
    with host.daemon([GRANTED]) as daemon:
        assert result(host, arguments, "") == PAM_AUTHINFO_UNAVAIL
        wrong = arguments.rpartition(" ")[2].partition("=")[0]
        assert f"'{wrong}' in the PAM line" in host.log_lines()[0]
        assert daemon.calls() == []


def test_nobody_to_ask_ends_at_once(host: PrivateHost) -> None:
    with host.daemon([PIN]) as daemon:
        started = time.monotonic()
        done = host.drive("-f", host.use_terminal(), "alice")
        assert time.monotonic() - started < SOON
        assert facts(done.stdout, ["result"]) == [PAM_CONV_ERR]
        wait_until(lambda: daemon.members() == ["Begin", "Cancel"])


def test_an_end_of_input_is_no_answer(host: PrivateHost) -> None:
    with host.daemon([PIN, GRANTED]) as daemon:
        done = host.drive("-u", host.use_terminal(), "alice")
        assert facts(done.stdout, ["result"]) == [PAM_CONV_ERR]
        assert "Respond" not in daemon.members()


def test_an_empty_answer_is_relayed_for_the_daemon_to_judge(host: PrivateHost) -> None:
    with host.daemon([PIN, {"steps": [["outcome", "PAM_AUTH_ERR"]]}]) as daemon:
        assert result(host, "", "") == PAM_AUTH_ERR
        assert daemon.calls()[1] == ("Respond", ["transaction-1", ""])


def test_sshds_dummy_password_reaches_the_daemon_as_it_is(host: PrivateHost) -> None:
    dummy = "\b\n\r\x7fINCORRECT"
    with host.daemon([PIN, {"steps": [["outcome", "PAM_AUTH_ERR"]]}]) as daemon:
        host.drive("-x", dummy.encode().hex(), host.use_terminal(), "alice")
        assert daemon.calls()[1] == ("Respond", ["transaction-1", dummy])


@pytest.mark.parametrize("answer", [b"caf\xe9", b"9" * 513, b"\xff" * 600])
def test_an_answer_that_cannot_be_relayed_denies(host: PrivateHost, answer: bytes) -> None:
    with host.daemon([PIN, GRANTED]) as daemon:
        done = host.drive("-x", answer.hex(), host.use_terminal(), "alice")
        assert facts(done.stdout, ["result"]) == [PAM_AUTH_ERR]
        wait_until(lambda: daemon.members() == ["Begin", "Cancel"])


def test_a_user_name_that_is_typed_slowly_costs_no_time_of_the_daemons(host: PrivateHost) -> None:
    service = host.use_terminal("fail=ignore timeout=2")
    with host.daemon([PIN, {"steps": [["outcome", "PAM_MAXTRIES"]]}]) as daemon:
        done = host.drive("-n", "-w", "2300", service, "alice", "2580")
        assert facts(done.stdout, ["result"]) == ["result 11"]
        [(_, [context]), _] = daemon.calls()
        assert isinstance(context, dict)
        assert context["user"] == "alice"


@pytest.mark.parametrize("closing", [">&-", "<&- >&- 2>&-"])
def test_a_program_without_standard_streams_writes_nothing_to_the_bus(
    host: PrivateHost, closing: str
) -> None:
    service = host.use_terminal()
    with host.daemon([PIN, GRANTED]) as daemon:
        done = host.run("sh", "-c", f"exec {host.driver} {service} alice 2580 {closing}")
        assert done.returncode == 0
        assert daemon.members() == ["Begin", "Respond"]


@pytest.mark.parametrize("closing", ["", "<&-"], ids=["", "without standard input"])
def test_no_program_that_the_host_starts_meanwhile_inherits_the_bus(
    host: PrivateHost, closing: str
) -> None:
    service = host.use_terminal()
    with host.daemon([PIN, GRANTED]):
        done = host.run("sh", "-c", f"exec {host.driver} {service} alice 2580 {closing}")
        assert facts(done.stdout, ["hidden", "inherited"]) == ["hidden PIN: "]


def test_a_user_name_of_10_kb_is_refused_and_not_cut(host: PrivateHost) -> None:
    with host.daemon([GRANTED]) as daemon:
        done = host.drive(host.use_terminal("fail=ignore"), "a" * 10_000)
        assert facts(done.stdout, ["result"]) == [PAM_AUTH_ERR]
        assert daemon.calls() == []


def test_a_user_name_that_is_not_utf_8_is_refused(host: PrivateHost) -> None:
    with host.daemon([GRANTED]) as daemon:
        done = host.drive(host.use_terminal("fail=ignore"), os.fsdecode(b"\xff\xfe"))
        assert facts(done.stdout, ["result"]) == [PAM_AUTHINFO_UNAVAIL]
        assert daemon.calls() == []


def test_answers_and_texts_never_reach_the_log(host: PrivateHost) -> None:
    with host.daemon([PIN, {"steps": [["info", "to +491"], ["hidden", "Code: "]]}, {"die": True}]):
        host.drive(host.use_terminal("debug timeout=1"), "alice", "2580147", "369258")
    with host.daemon([PIN, {"error": "org.example.Wrong2580147"}]):
        host.drive("-x", (b"369258\xff").hex(), host.use_terminal("debug"), "alice")
    log = "\n".join(host.log_lines())
    assert "PAM_AUTHINFO_UNAVAIL" in log
    for secret in ("2580147", "369258", "+491"):
        assert secret not in log


@pytest.mark.parametrize("terminal", IN_ANY_PROGRAM, indirect=True)
def test_a_bus_that_goes_away_at_the_prompt_does_not_kill_the_host(own_host: PrivateHost) -> None:
    with own_host.daemon([PIN, GRANTED]):
        program = subprocess.Popen(
            own_host.inside("pamtester", own_host.use_terminal(), "alice", "authenticate"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stdout.read(5) == b"PIN: "
        own_host.stop_bus()
        rest, _ = program.communicate(b"2580\n", timeout=10)
        assert b"not available now" in rest
        assert program.returncode == 1  # and not -SIGPIPE


def test_a_blocked_ctrl_c_ends_a_wait_at_once(host: PrivateHost) -> None:
    with host.daemon([{"silence": True}]) as daemon:
        program = subprocess.Popen(
            host.inside(host.driver, "-b", host.use_terminal(), "alice"),
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until(lambda: daemon.members() == ["Begin"])
        started = time.monotonic()
        program.send_signal(signal.SIGINT)
        output, _ = program.communicate(timeout=10)
        assert time.monotonic() - started < SOON
        assert facts(output, ["result"]) == [PAM_CONV_ERR]


def test_a_broken_package_refuses(python_host: PrivateHost) -> None:
    module = python_host.write_module(
        "broken.py",
        "import sys\nsys.modules['pam_smsotp.wire'] = None\n"
        "from pam_smsotp.entry import pam_sm_authenticate, pam_sm_setcred\n",
    )
    python_host.write_service("broken", f"auth required pam_python.so {module} fail=ignore")
    done = python_host.drive("broken", "alice")
    assert facts(done.stdout, ["result"]) == [PAM_AUTHINFO_UNAVAIL]
    assert "unexpected ModuleNotFoundError at" in python_host.log_lines()[0]
