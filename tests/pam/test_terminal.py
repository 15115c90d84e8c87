# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A whole PAM call in this process: scripted handle, real bus, scripted daemon as root."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from pam_smsotp import bus, entry, log
from tests.pam.private_host import wait_until
from tests.unit.pam_smsotp.scripted_handle import PamError, ScriptedHandle

if TYPE_CHECKING:
    from tests.pam.private_host import PrivateHost

PIN = {"steps": [["hidden", "PIN: "]]}
GRANTED = {"steps": [["outcome", "PAM_SUCCESS"]]}
NOT_AVAILABLE = (ScriptedHandle.PAM_ERROR_MSG, "The second login step is not available now.")


@pytest.fixture(autouse=True)
def _private(python_host: PrivateHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "SOCKET", str(python_host.bus_socket))
    monkeypatch.setattr(log, "SOCKET", str(python_host.directory / "log"))


def test_what_pam_does_not_know_is_empty(python_host: PrivateHost) -> None:
    handle = ScriptedHandle(["2580"])
    handle.user = None
    handle.service = None
    with python_host.daemon([PIN, GRANTED], uid=0) as daemon:
        argv = ["/path", "code_prompt=Code: ", "debug"]
        assert entry.pam_sm_authenticate(handle, 0, argv) == handle.PAM_SUCCESS
        [context] = daemon.calls()[0][1]
    assert context == {
        "user": "", "service": "", "rhost": "", "tty": "", "ruser": "", "mode": "auto",
        "flags": [], "code_prompt": "Code: ",
    }  # fmt: skip
    assert python_host.log_lines()[0].endswith("the daemon says PAM_SUCCESS")


def test_the_preliminary_round_succeeds_where_the_daemon_is(python_host: PrivateHost) -> None:
    handle = ScriptedHandle()
    with python_host.daemon([GRANTED], uid=0) as daemon:
        flags = handle.PAM_PRELIM_CHECK
        assert entry.pam_sm_chauthtok(handle, flags, ["/path"]) == handle.PAM_SUCCESS
        assert daemon.calls() == []


def test_a_stacked_password_is_named_in_the_flags(python_host: PrivateHost) -> None:
    handle = ScriptedHandle()
    handle.authtok = "stacked"
    with python_host.daemon([{"steps": [["authtok", ""]]}, GRANTED], uid=0) as daemon:
        argv = ["/path", "try_first_pass"]
        flags = handle.PAM_SILENT
        assert entry.pam_sm_authenticate(handle, flags, argv) == handle.PAM_SUCCESS
        [context] = daemon.calls()[0][1]
    assert isinstance(context, dict)
    assert context["flags"] == ["silent", "try-first-pass"]
    assert handle.authtok == "stacked"


def test_no_user_name_is_a_failed_conversation() -> None:
    handle = ScriptedHandle()
    handle.user = PamError("no conversation")
    assert entry.pam_sm_authenticate(handle, 0, ["/path", "fail=ignore"]) == handle.PAM_CONV_ERR


def test_a_pin_change_has_its_own_mode(python_host: PrivateHost) -> None:
    handle = ScriptedHandle(["2580"])
    with python_host.daemon([PIN, GRANTED], uid=0) as daemon:
        assert entry.pam_sm_chauthtok(handle, 0, ["/path"]) == handle.PAM_SUCCESS
        [context] = daemon.calls()[0][1]
    assert isinstance(context, dict)
    assert context["mode"] == "change-pin"


def test_the_administrators_pin_prompt_is_passed_on(python_host: PrivateHost) -> None:
    handle = ScriptedHandle()
    with python_host.daemon([GRANTED], uid=0) as daemon:
        argv = ["/path", "pin_prompt=Your PIN: "]
        assert entry.pam_sm_authenticate(handle, 0, argv) == handle.PAM_SUCCESS
        [context] = daemon.calls()[0][1]
    assert isinstance(context, dict)
    assert context["pin_prompt"] == "Your PIN: "


def test_an_absurd_item_is_refused() -> None:
    handle = ScriptedHandle()
    handle.rhost = "h" * 4097
    assert entry.pam_sm_authenticate(handle, 0, ["/path", "fail=ignore"]) == handle.PAM_AUTH_ERR


def test_use_first_pass_without_a_password_has_its_own_code() -> None:
    handle = ScriptedHandle()
    argv = ["/path", "use_first_pass"]
    assert entry.pam_sm_authenticate(handle, 0, argv) == handle.PAM_AUTHTOK_RECOVERY_ERR


def test_nobody_there_is_passed_over_with_fail_ignore() -> None:
    handle = ScriptedHandle()
    assert entry.pam_sm_authenticate(handle, 0, ["/path", "fail=ignore"]) == handle.PAM_IGNORE
    assert handle.shown == []


def test_a_reply_against_the_contract_denies_and_cancels(python_host: PrivateHost) -> None:
    handle = ScriptedHandle(["2580"])
    with python_host.daemon([PIN, {"raw": ["u", [0]]}], uid=0) as daemon:
        assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_AUTH_ERR
        wait_until(lambda: daemon.members() == ["Begin", "Respond", "Cancel"])


def test_a_reply_of_3_mb_denies(python_host: PrivateHost) -> None:
    handle = ScriptedHandle()
    with python_host.daemon([{"huge": 3_000_000}], uid=0):
        assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_AUTH_ERR


def test_nobody_there_is_said_to_the_user() -> None:
    handle = ScriptedHandle()
    assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_AUTHINFO_UNAVAIL
    assert handle.shown == [NOT_AVAILABLE]


@pytest.mark.parametrize("service", ["sudo", "sudo-i"])
def test_sudo_does_not_take_nobody_there_for_a_wrong_password(service: str) -> None:
    handle = ScriptedHandle()
    handle.service = service
    assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_CRED_UNAVAIL
    assert handle.shown == [NOT_AVAILABLE]


def test_a_user_who_cannot_even_be_told_is_refused_all_the_same() -> None:
    class Deaf(ScriptedHandle):
        def conversation(self, _message: object, /) -> NoReturn:
            raise PamError("no conversation")

    handle = Deaf()
    assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_AUTHINFO_UNAVAIL


def test_an_owner_of_a_foreign_user_is_refused_where_no_user_smsotp_exists(
    python_host: PrivateHost,
) -> None:
    handle = ScriptedHandle()
    with python_host.daemon([GRANTED], uid=65534) as impostor:
        code = entry.pam_sm_authenticate(handle, 0, ["/path", "fail=ignore"])
        assert code == handle.PAM_AUTHINFO_UNAVAIL
        assert impostor.calls() == []
