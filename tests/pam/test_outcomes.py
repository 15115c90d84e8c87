# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What each outcome, error and argument becomes: the same codes from both terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pam_smsotp.verdict import OUTCOMES
from tests.pam.private_host import facts, wait_until

if TYPE_CHECKING:
    from tests.pam.private_host import PrivateHost

# Linux-PAM's numbers (_pam_types.h).
CODES = {
    "PAM_SUCCESS": 0,
    "PAM_SERVICE_ERR": 3,
    "PAM_SYSTEM_ERR": 4,
    "PAM_PERM_DENIED": 6,
    "PAM_AUTH_ERR": 7,
    "PAM_CRED_INSUFFICIENT": 8,
    "PAM_AUTHINFO_UNAVAIL": 9,
    "PAM_USER_UNKNOWN": 10,
    "PAM_MAXTRIES": 11,
    "PAM_ACCT_EXPIRED": 13,
    "PAM_CRED_UNAVAIL": 15,
    "PAM_CONV_ERR": 19,
    "PAM_AUTHTOK_ERR": 20,
    "PAM_AUTHTOK_RECOVERY_ERR": 21,
    "PAM_TRY_AGAIN": 24,
    "PAM_ABORT": 26,
}
NOT_AVAILABLE = "error The second login step is not available now."
PIN = {"steps": [["hidden", "PIN: "]]}
GRANTED = {"steps": [["outcome", "PAM_SUCCESS"]]}


def result(host: PrivateHost, arguments: str = "", *answers: str) -> int:
    """Return the number in which a login ends."""
    done = host.drive(host.use_terminal(arguments), "alice", *answers)
    return int(facts(done.stdout, ["result"])[0].split()[1])


def test_every_outcome_has_a_number() -> None:
    # Where nothing else is in the stack, Linux-PAM makes PAM_IGNORE another code.
    assert set(CODES) == OUTCOMES - {"PAM_IGNORE"}


@pytest.mark.parametrize(("name", "code"), CODES.items())
def test_an_outcome_is_the_pam_code_that_it_names(host: PrivateHost, name: str, code: int) -> None:
    with host.daemon([PIN, {"steps": [["outcome", name]]}]):
        assert result(host, "", "2580") == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("org.smsotp1.Error.Unavailable", 9),
        ("org.freedesktop.DBus.Error.NoReply", 9),
        ("org.freedesktop.DBus.Error.TimedOut", 9),
        ("org.freedesktop.DBus.Error.LimitsExceeded", 9),
        ("org.freedesktop.systemd1.UnitMasked", 9),
        ("org.freedesktop.DBus.Error.Spawn.ChildExited", 9),
        ("org.freedesktop.DBus.Error.UnknownMethod", 7),
        ("org.smsotp1.Error.Unavailable.More", 7),
        ("org.freedesktop.DBus.Error.Spawn", 7),
    ],
)
def test_an_error_after_an_answer_denies_in_its_own_way_and_is_never_passed_over(
    host: PrivateHost, name: str, code: int
) -> None:
    with host.daemon({"loop": [PIN, {"error": name}]}):
        assert result(host, "", "2580") == code
        assert result(host, "fail=ignore", "2580") == code


@pytest.mark.parametrize(
    "word",
    ["=", "mode=", "mode=change-pin", "MODE=auto", "fail=", "fail=IGNORE", "timeout=",
     "timeout=-1", "timeout=1.5", "timeout=007", "[timeout= 5]", "timeout=" + "9" * 500,
     "debug=", "try_first_pas", "use_first_passs", "code_prompt=", "pin_prompt=\x1b[2J",
     "pin_prompt=a\u202eb", "pin_prompt=a\u0085b", "pin_prompt=" + "x" * 201, "__class__=x",
     "%s%n%p=1", "pam_smsotp.py"],
)  # fmt: skip
def test_a_word_that_is_no_argument_refuses_whatever_fail_says(
    host: PrivateHost, word: str
) -> None:
    with host.daemon([GRANTED]) as daemon:
        assert result(host, f"fail=ignore {word}") == CODES["PAM_AUTHINFO_UNAVAIL"]
        assert daemon.calls() == []
        assert "in the PAM line is unknown or has a bad value" in host.log_lines()[0]


def test_every_argument_is_understood(host: PrivateHost) -> None:
    prompt = "č" * 200
    with host.daemon([GRANTED]) as daemon:
        words = "mode=conversation fail=ignore fail=deny timeout=100 try_first_pass debug"
        assert result(host, f"{words} pin_prompt={prompt} [code_prompt=Číslo = ]") == 0
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert context["mode"] == "conversation"
        assert context["pin_prompt"] == prompt
        assert context["code_prompt"] == "Číslo = "
    assert host.log_lines()[0].endswith("the daemon says PAM_SUCCESS")


@pytest.mark.parametrize("service", ["sudo", "sudo-i"])
def test_sudo_does_not_take_nobody_there_for_a_wrong_password(
    host: PrivateHost, service: str
) -> None:
    host.write_service(service, host.terminal_line())
    done = host.drive(service, "alice")
    assert facts(done.stdout) == [NOT_AVAILABLE]
    assert facts(done.stdout, ["result"]) == ["result 15"]  # PAM_CRED_UNAVAIL


def test_what_is_longer_than_a_name_is_refused_and_sent_to_nobody(host: PrivateHost) -> None:
    with host.daemon([GRANTED]) as daemon:
        for length, calls in ((4096, 1), (4097, 1)):
            host.drive(host.use_terminal(), "a" * length)
            assert len(daemon.calls()) == calls


@pytest.mark.parametrize("dies_at", [0, 1, 2])
@pytest.mark.parametrize("how", [{"die": True}, {"silence": True}, {"raw": ["", []]}], ids=str)
def test_a_daemon_that_fails_at_any_step_never_lets_anybody_in(
    host: PrivateHost, dies_at: int, how: dict[str, object]
) -> None:
    with host.daemon([*[PIN] * dies_at, how]):
        host.write_service(
            "open", host.terminal_line("fail=ignore timeout=2"), "auth required pam_permit.so"
        )
        done = host.drive("open", "alice", "2580", "2580", "2580")
        # Before any answer, a daemon that is gone is one that nobody reached.
        passed_over = dies_at == 0 and "raw" not in how
        assert (done.returncode == 0) == passed_over


def test_a_daemon_that_answers_late_but_in_time_is_waited_for(host: PrivateHost) -> None:
    with host.daemon([PIN, {"late": 1.2, "steps": [["outcome", "PAM_SUCCESS"]]}]):
        assert result(host, "timeout=5", "2580") == CODES["PAM_SUCCESS"]


def test_each_answer_has_the_whole_timeout_again(host: PrivateHost) -> None:
    late = {"late": 1.6, "steps": [["hidden", "Code: "]]}
    granted = {"late": 1.6, "steps": [["outcome", "PAM_SUCCESS"]]}
    with host.daemon([PIN, late, granted]):
        assert result(host, "timeout=3", "2580", "123456") == CODES["PAM_SUCCESS"]


def test_a_text_with_a_format_in_it_is_shown_as_it_is(host: PrivateHost) -> None:
    text = "%s%s%n%99999999d%p {} \\ %"
    with host.daemon([{"steps": [["info", text], ["error", text], ["hidden", text]]}, GRANTED]):
        done = host.drive(host.use_terminal("debug"), "alice", "%n%s")
        assert facts(done.stdout) == [f"info {text}", f"error {text}", f"hidden {text}"]
        assert facts(done.stdout, ["result"]) == ["result 0"]


def test_a_daemon_that_asks_for_the_stacks_password_for_ever_is_left(host: PrivateHost) -> None:
    host.write_service(
        "stacked", "auth optional pam_unix.so nodelay", host.terminal_line("use_first_pass")
    )
    with host.daemon([{"steps": [["authtok", ""]]}]) as daemon:
        done = host.drive("stacked", "alice", "swordfish")
        assert facts(done.stdout, ["result"]) == ["result 7"]
        wait_until(lambda: daemon.members()[-1] == "Cancel")
        assert daemon.members().count("Respond") == 64


def test_steps_of_many_empty_texts_are_too_much(host: PrivateHost) -> None:
    with host.daemon([{"steps": [["info", ""]] * 6_000 + [["outcome", "PAM_SUCCESS"]]}]):
        assert result(host) == CODES["PAM_AUTH_ERR"]


def test_a_program_that_cannot_show_a_text_ends_the_login(host: PrivateHost) -> None:
    with host.daemon([{"steps": [["info", "hello"], ["outcome", "PAM_SUCCESS"]]}]) as daemon:
        done = host.drive("-f", host.use_terminal(), "alice")
        assert facts(done.stdout, ["result"]) == ["result 19"]  # PAM_CONV_ERR
        wait_until(lambda: daemon.members() == ["Begin", "Cancel"])
