# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl service test` with real libpam, pamela and pam_python on files of the test's own."""

import json
import os
from pathlib import Path

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.pam import login
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_host import FakeHost

PIN, CODE = "s3cret-PIN", "492817"

# Asks as our terminal does, and decides by itself.
TWO_QUESTIONS = f"""
def pam_sm_authenticate(pamh, flags, argv):
    def say(style, text):
        answer = pamh.conversation(pamh.Message(style, text))
        return answer.resp if answer else None
    if say(pamh.PAM_PROMPT_ECHO_OFF, "PIN: ") != {PIN!r}:
        return pamh.PAM_AUTH_ERR
    say(pamh.PAM_TEXT_INFO, "Code sent \\x1b[2J to " + (pamh.rhost or "here"))
    if say(pamh.PAM_PROMPT_ECHO_ON, "Code: ") != {CODE!r}:
        return pamh.PAM_MAXTRIES
    return pamh.PAM_SUCCESS
"""
CRASH = """
import ctypes
def pam_sm_authenticate(pamh, flags, argv):
    ctypes.string_at(0)
"""
HANG = """
import time
def pam_sm_authenticate(pamh, flags, argv):
    time.sleep(600)
"""


def stack(host: FakeHost, name: str, module: str, account: str = "pam_permit.so") -> None:
    """Write a service whose authentication is a module in Python."""
    script = host.places.root / f"{name}.py"
    script.write_text(module)
    rules = f"auth required pam_python.so {script}\naccount required {account}\n"
    (host.places.pam / name).write_text(rules)


def debug(host: FakeHost, name: str, result: str) -> None:
    rules = f"auth required pam_debug.so auth={result}\naccount required pam_permit.so\n"
    (host.places.pam / name).write_text(rules)


@pytest.fixture
def asking(ready: Shell, host: FakeHost) -> Shell:
    stack(host, "asking", TWO_QUESTIONS)
    return ready


def test_a_login_is_led_to_its_end_and_each_prompt_shown(asking: Shell) -> None:
    typed = f"{PIN}\n{CODE}\n"

    result = asking.run("service", "test", "asking", "anna", "--answers-stdin", typed=typed)

    assert result.exit_code == Exit.DONE, result.output
    shown = [line.partition("ms")[2].strip() for line in result.output.splitlines()[1:]]
    assert result.output.startswith("Note: asking itself does not ask for the code")
    assert shown == [
        "PIN:",
        "Code sent \\x1b[2J to here",
        "Code:",
        "authentication: PAM_SUCCESS",
        "account: PAM_SUCCESS",
        "anna would be let in by asking",
    ]


def test_the_answers_are_not_shown(asking: Shell) -> None:
    typed = f"{PIN}\n{CODE}\n"

    result = asking.run(
        "service", "test", "asking", "anna", "--answers-stdin", "--json", typed=typed
    )

    assert PIN not in result.output
    assert CODE not in result.output


def test_programs_get_the_prompts_the_stages_and_milliseconds(asking: Shell) -> None:
    typed = f"{PIN}\n{CODE}\n"
    words = ("service", "test", "asking", "anna", "--rhost", "192.0.2.7", "--answers-stdin")

    told = json.loads(asking.run(*words, "--json", typed=typed).output)

    assert (told["granted"], told["outcome"], told["user"]) == (True, "PAM_SUCCESS", "anna")
    assert [(each["style"], each["text"]) for each in told["prompts"]] == [
        ("hidden", "PIN: "),
        ("info", "Code sent \x1b[2J to 192.0.2.7"),
        ("visible", "Code: "),
    ]
    assert [each["stage"] for each in told["stages"]] == ["authentication", "account"]
    parts = [each["ms"] for each in (*told["prompts"], *told["stages"])]
    assert all(part >= 0 for part in parts)
    assert told["ms"] == pytest.approx(sum(parts), abs=0.2)


def test_answers_come_from_a_descriptor_one_at_a_time(asking: Shell) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{PIN}\n{CODE}\nfor somebody else".encode())
    os.close(writing)

    result = asking.run("service", "test", "asking", "anna", "--answers-fd", str(reading))
    left = os.read(reading, 100)
    os.close(reading)

    assert result.exit_code == Exit.DONE, result.output
    assert left == b"for somebody else"


def test_a_person_is_asked(asking: Shell) -> None:
    asking.interactive = True

    result = asking.run("service", "test", "asking", "anna", typed=f"{PIN}\n{CODE}\n")

    assert result.exit_code == Exit.DONE, result.output
    assert "PIN: " in result.output
    assert PIN not in result.output


def test_nobody_is_asked_where_nobody_can_answer(asking: Shell) -> None:
    result = asking.run("service", "test", "asking", "anna")

    assert result.exit_code == Exit.USAGE
    assert "--answers-stdin is missing" in result.output


def test_a_wrong_answer_is_told_as_what_pam_made_of_it(asking: Shell) -> None:
    wrong_pin = asking.run("service", "test", "asking", "anna", "--answers-stdin", typed="no\n")
    wrong_code = asking.run(
        "service", "test", "asking", "anna", "--answers-stdin", typed=f"{PIN}\nno\n"
    )

    assert wrong_pin.exit_code == wrong_code.exit_code == Exit.FAILED
    assert "asking denied the login: PAM_AUTH_ERR" in wrong_pin.output
    assert "asking denied the login: PAM_MAXTRIES" in wrong_code.output


@pytest.mark.parametrize("typed", ["", f"{PIN}\n"])
def test_answers_that_end_too_early_end_the_login(asking: Shell, typed: str) -> None:
    result = asking.run("service", "test", "asking", "anna", "--answers-stdin", typed=typed)

    assert result.exit_code == Exit.FAILED
    assert "asked more than there were answers" in result.output


@pytest.mark.parametrize("typed", [b"\xff\n", b"x" * 70_000, PIN.encode() + b"\0\n"])
def test_an_answer_that_is_none_is_refused(asking: Shell, typed: bytes) -> None:
    result = asking.run("service", "test", "asking", "anna", "--answers-stdin", typed=typed)

    assert result.exit_code == Exit.USAGE
    assert "an answer is" in result.output


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("success", Exit.DONE),
        ("auth_err", Exit.FAILED),
        ("user_unknown", Exit.FAILED),
        ("authinfo_unavail", Exit.UNAVAILABLE),
        ("cred_unavail", Exit.UNAVAILABLE),
    ],
)
def test_the_exit_status_tells_a_denial_from_a_failure(
    outcome: str, code: Exit, ready: Shell, host: FakeHost
) -> None:
    debug(host, "plain", outcome)

    result = ready.run("service", "test", "plain", "anna", "--answers-stdin")

    assert result.exit_code == code
    assert f"authentication: PAM_{outcome.upper()}" in result.output


def test_an_account_that_may_not_log_in_is_not_let_in(ready: Shell, host: FakeHost) -> None:
    debug(host, "plain", "success")
    file = host.places.pam / "plain"
    file.write_text(file.read_text().replace("pam_permit.so", "pam_debug.so acct=acct_expired"))

    result = ready.run("service", "test", "plain", "anna", "--answers-stdin")

    assert result.exit_code == Exit.FAILED
    assert "account: PAM_ACCT_EXPIRED" in result.output


def test_a_module_that_is_missing_is_a_failure_of_the_machine(ready: Shell, host: FakeHost) -> None:
    (host.places.pam / "plain").write_text("auth required pam_smsotp_missing.so\n")

    result = ready.run("service", "test", "plain", "anna", "--answers-stdin")

    assert result.exit_code == Exit.UNAVAILABLE


def test_a_stack_that_crashes_its_program_is_told_as_that(ready: Shell, host: FakeHost) -> None:
    stack(host, "crashing", CRASH)

    result = ready.run("service", "test", "crashing", "anna", "--answers-stdin")

    assert result.exit_code == Exit.UNAVAILABLE
    assert "crashed the process that used it (SIGSEGV)" in result.output


def test_a_stack_that_hangs_is_given_up(
    ready: Shell, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(host, "hanging", HANG)
    monkeypatch.setattr(login, "LONGEST_SILENCE_SECONDS", 0.5)

    result = ready.run("service", "test", "hanging", "anna", "--answers-stdin")

    assert result.exit_code == Exit.UNAVAILABLE
    assert "did nothing for" in result.output


def test_one_password_field_is_told_how_to_go_on(ready: Shell, host: FakeHost) -> None:
    debug(host, "vsftpd", "auth_err")

    result = ready.run("service", "test", "vsftpd", "anna", "--answers-stdin")

    assert "once more, with PIN and code in one answer" in result.output


def test_a_missing_service_is_not_taken_for_the_one_that_libpam_takes_instead(
    ready: Shell,
) -> None:
    result = ready.run("service", "test", "nothing", "anna", "--answers-stdin")

    assert result.exit_code == Exit.NOT_FOUND


def test_only_root_tries_logins(ready: Shell, host: FakeHost) -> None:
    user = Shell(ready.daemon, FakeHost(host.places, host.answers, root=False))

    result = user.run("service", "test", "sudo", "anna", "--answers-stdin")

    assert result.exit_code == Exit.NOT_AUTHORIZED


@pytest.mark.parametrize("name", ["../shadow", "", "a/b", "-x"])
def test_a_name_that_is_no_service_is_refused(name: str, ready: Shell) -> None:
    result = ready.run("service", "test", "--answers-stdin", "--", name, "anna")

    assert result.exit_code == Exit.USAGE


def test_a_user_of_any_name_is_passed_on_as_it_is(ready: Shell, host: FakeHost) -> None:
    debug(host, "plain", "success")

    result = ready.run("service", "test", "--answers-stdin", "--", "plain", "--said=0")

    assert result.exit_code == Exit.DONE
    assert "--said=0 would be let in" in result.output


def test_the_program_that_logs_in_takes_nothing_from_the_environment(
    asking: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pamela.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "pamela.py"))

    result = asking.run(
        "service", "test", "asking", "anna", "--answers-stdin", typed=f"{PIN}\n{CODE}\n"
    )

    assert result.exit_code == Exit.DONE, result.output
    assert not (tmp_path / "ran").exists()
