# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Logins through either terminal that go as they should."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.pam.private_host import ALICE_UID, IN_ANY_PROGRAM, facts, wait_until

if TYPE_CHECKING:
    from tests.pam.private_host import PrivateHost

PIN = {"steps": [["hidden", "PIN: "]]}
CODE = {"steps": [["info", "Code sent to •• 89"], ["hidden", "Code: "]]}
GRANTED = {"steps": [["outcome", "PAM_SUCCESS"]]}
WHOLE_LOGIN = [PIN, CODE, GRANTED]


def test_pin_and_code_let_the_user_in(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.drive(host.use_terminal(), "alice", "2580", "123456")
        assert facts(done.stdout) == ["hidden PIN: ", "info Code sent to •• 89", "hidden Code: "]
        assert facts(done.stdout, ["result"]) == ["result 0"]
        assert daemon.members() == ["Begin", "Respond", "Respond"]
        assert [body for _, body in daemon.calls()[1:]] == [
            ["transaction-1", "2580"],
            ["transaction-1", "123456"],
        ]


def test_the_daemon_is_told_what_pam_knows(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        service = host.use_terminal("mode=two-attempt [pin_prompt=Your PIN: ]")
        host.drive("-s", service, "alice", "2580", "123456")
        assert daemon.calls()[0] == (
            "Begin",
            [
                {
                    "user": "alice",
                    "service": "smsotp-test",
                    "rhost": "192.0.2.7",
                    "tty": "pts/7",
                    "ruser": "mallory",
                    "mode": "two-attempt",
                    "flags": ["silent"],
                    "pin_prompt": "Your PIN: ",
                }
            ],
        )


def test_silence_hides_texts_but_no_prompt(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN):
        done = host.drive("-s", host.use_terminal(), "alice", "2580", "123456")
        assert facts(done.stdout) == ["hidden PIN: ", "hidden Code: "]


def test_a_visible_prompt_echoes(host: PrivateHost) -> None:
    with host.daemon([{"steps": [["error", "Wrong."], ["visible", "Code: "]]}, GRANTED]):
        done = host.drive(host.use_terminal(), "alice", "123456")
        assert facts(done.stdout) == ["error Wrong.", "visible Code: "]


@pytest.mark.parametrize("terminal", IN_ANY_PROGRAM, indirect=True)
def test_pamtester_logs_in_too(host: PrivateHost) -> None:
    with host.daemon([GRANTED]):
        done = host.run("pamtester", host.use_terminal(), "alice", "authenticate")
        assert "successfully authenticated" in done.stdout + done.stderr


def test_six_transactions_in_one_process_log_in_and_leak_nothing(host: PrivateHost) -> None:
    with host.daemon({"loop": WHOLE_LOGIN}) as daemon:
        done = host.drive("-r", "6", host.use_terminal(), "alice", "2580", "123456")
        assert facts(done.stdout, ["result"]) == ["result 0"] * 6
        assert daemon.members().count("Begin") == 6
        # The first transaction may open what libraries keep; afterwards nothing is added.
        counts = {line.split()[2] for line in facts(done.stdout, ["fds"])}
        assert len(counts) == 1


def test_the_hosts_ctrl_c_stays_its_own(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN):
        done = host.drive(host.use_terminal(), "alice", "2580", "123456")
        assert set(facts(done.stdout, ["sigint"])) == {"sigint default"}


def test_the_hosts_log_identity_stays_its_own(host: PrivateHost) -> None:
    done = host.drive("-l", host.use_terminal("fail=maybe"), "alice")
    assert facts(done.stdout, ["result"]) == ["result 9"]
    ours, hosts = host.log_lines()
    assert "pam_smsotp" in ours
    # Facility authpriv (10), severity info (6); the C library puts the date between.
    assert hosts.startswith("<86>")
    assert hosts.endswith(" host: host was here")


def test_nothing_is_written_to_the_hosts_output(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN):
        done = host.drive(host.use_terminal("debug"), "alice", "2580", "123456")
        assert done.stderr == ""


def test_the_other_phases_need_no_bus(own_host: PrivateHost) -> None:
    service = own_host.use_terminal()
    own_host.stop_bus()
    for phase in ("setcred", "account", "session"):
        done = own_host.drive("-p", phase, service, "alice")
        assert facts(done.stdout, ["result"]) == ["result 0"], phase
    assert own_host.log_lines() == []


def test_a_screen_locker_logs_in_as_the_user_itself(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.run(
            "setpriv", f"--reuid={ALICE_UID}", f"--regid={ALICE_UID}", "--clear-groups",
            host.driver, host.use_terminal(), "alice", "2580", "123456",
        )  # fmt: skip
        assert facts(done.stdout, ["result"]) == ["result 0"]
        assert daemon.members() == ["Begin", "Respond", "Respond"]


def test_the_environment_chooses_no_other_bus(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.run(
            host.driver, host.use_terminal(), "alice", "2580", "123456",
            DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent", PYTHONPATH="/nonexistent",
        )  # fmt: skip
        assert facts(done.stdout, ["result"]) == ["result 0"]
        assert daemon.members() == ["Begin", "Respond", "Respond"]


def test_twenty_logins_at_once_all_get_in(host: PrivateHost) -> None:
    command = host.inside(host.driver, host.use_terminal(), "alice", "1", "2")
    with host.daemon({"loop": [GRANTED]}):
        programs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(20)]
        outputs = [program.communicate(timeout=30)[0] for program in programs]
    assert [facts(output, ["result"]) for output in outputs] == [["result 0"]] * 20


def test_the_preliminary_round_of_a_password_change_asks_nothing(host: PrivateHost) -> None:
    # Where the first round fails, Linux-PAM does not begin the second.
    host.write_service(
        "prelim", host.terminal_line(phase="password"), "password required pam_deny.so"
    )
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.drive("-p", "password", "prelim", "alice")
        assert facts(done.stdout) == []
        assert daemon.calls() == []


def test_a_password_change_without_the_daemon_ends_in_the_preliminary_round(
    host: PrivateHost,
) -> None:
    done = host.drive("-p", "password", host.use_terminal(), "alice")
    assert facts(done.stdout) == ["error The second login step is not available now."]
    assert facts(done.stdout, ["result"]) == ["result 9"]  # PAM_AUTHINFO_UNAVAIL


def test_a_pin_is_changed_through_the_password_phase(host: PrivateHost) -> None:
    with host.daemon(
        [
            {"steps": [["hidden", "PIN: "]]},
            {"steps": [["hidden", "New PIN: "]]},
            {"steps": [["outcome", "PAM_SUCCESS"]]},
        ]
    ) as daemon:
        done = host.drive("-p", "password", host.use_terminal(), "alice", "2580", "1470")
        assert facts(done.stdout) == ["hidden PIN: ", "hidden New PIN: "]
        assert facts(done.stdout, ["result"]) == ["result 0"]
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert context["mode"] == "change-pin"


# The modules around ours need an interpreter, whose own leaks the sanitizers would count.
@pytest.mark.parametrize("terminal", IN_ANY_PROGRAM, indirect=True)
def test_the_stacks_password_serves_as_the_pin_and_stays_as_it_was(host: PrivateHost) -> None:
    before = host.write_module("before.py", KNOWS_A_PASSWORD)
    after = host.write_module("after.py", SHOWS_THE_PASSWORD)
    host.write_service(
        "first-pass",
        f"auth required pam_python.so {before}",
        host.terminal_line("use_first_pass"),
        f"auth required pam_python.so {after}",
    )
    with host.daemon([{"steps": [["authtok", ""]]}, CODE, GRANTED]) as daemon:
        done = host.drive("first-pass", "alice", "123456")
        assert facts(done.stdout) == [
            "info Code sent to •• 89",
            "hidden Code: ",
            "info authtok=stacked",
        ]
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert context["flags"] == ["use-first-pass"]
        assert daemon.calls()[1] == ("Respond", ["transaction-1", "stacked"])


def test_a_password_that_pam_unix_asked_for_serves_as_the_pin(host: PrivateHost) -> None:
    host.write_service(
        "stacked", "auth optional pam_unix.so nodelay", host.terminal_line("try_first_pass")
    )
    with host.daemon([{"steps": [["authtok", ""]]}, PIN, GRANTED]) as daemon:
        done = host.drive("stacked", "alice", "swordfish", "2580")
        assert facts(done.stdout) == ["hidden Password: ", "hidden PIN: "]
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert context["flags"] == ["try-first-pass"]
        assert daemon.calls()[1:] == [
            ("Respond", ["transaction-1", "swordfish"]),
            ("Respond", ["transaction-1", "2580"]),
        ]


def test_without_a_stacked_password_use_first_pass_refuses_without_asking(
    host: PrivateHost,
) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.drive(host.use_terminal("use_first_pass"), "alice", "2580")
        assert facts(done.stdout) == []
        assert facts(done.stdout, ["result"]) == ["result 21"]  # PAM_AUTHTOK_RECOVERY_ERR
        assert daemon.calls() == []


def test_without_a_stacked_password_try_first_pass_asks(host: PrivateHost) -> None:
    with host.daemon(WHOLE_LOGIN) as daemon:
        done = host.drive(host.use_terminal("try_first_pass"), "alice", "2580", "123456")
        assert facts(done.stdout, ["result"]) == ["result 0"]
        context = daemon.calls()[0][1][0]
        assert isinstance(context, dict)
        assert context["flags"] == []


def test_a_daemon_that_is_not_running_is_started(host: PrivateHost) -> None:
    calls = host.directory / "activated.calls"
    words = host.daemon_command([GRANTED], calls)
    # Inside, only our terminal is left of the system's Python packages.
    words = ["/usr/bin/env", f"PYTHONPATH={host.directory}/system-packages", *words]
    command = " ".join("'" + word.replace("\\", "\\\\") + "'" for word in words)
    service = host.directory / "services" / "org.smsotp1.service"
    service.write_text(f"[D-BUS Service]\nName=org.smsotp1\nExec={command}\nUser=root\n")
    host.reload_bus()
    try:
        done = host.drive(host.use_terminal(), "alice")
        assert facts(done.stdout, ["result"]) == ["result 0"]
        wait_until(calls.exists)
    finally:
        service.unlink()
        host.stop_owner()
        host.reload_bus()


KNOWS_A_PASSWORD = """
def pam_sm_authenticate(pamh, flags, argv):
    pamh.authtok = "stacked"
    return pamh.PAM_SUCCESS


def pam_sm_setcred(pamh, flags, argv):
    return pamh.PAM_SUCCESS
"""

SHOWS_THE_PASSWORD = """
def pam_sm_authenticate(pamh, flags, argv):
    pamh.conversation(pamh.Message(pamh.PAM_TEXT_INFO, "authtok=" + pamh.authtok))
    return pamh.PAM_SUCCESS


def pam_sm_setcred(pamh, flags, argv):
    return pamh.PAM_SUCCESS
"""
