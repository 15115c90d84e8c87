# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The tables from outcomes and errors to PAM codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pam_smsotp.verdict import (
    OUTCOMES,
    DeniedError,
    UnreachableError,
    code_from_outcome,
    failure_from_error,
)
from tests.unit.pam_smsotp.scripted_handle import ScriptedHandle


@pytest.mark.parametrize("outcome", sorted(OUTCOMES))
def test_every_outcome_is_its_pam_constant(outcome: str) -> None:
    assert code_from_outcome(ScriptedHandle(), outcome) == getattr(ScriptedHandle, outcome)


@given(st.text().filter(lambda text: text not in OUTCOMES))
def test_every_other_word_is_a_denial(outcome: str) -> None:
    assert code_from_outcome(ScriptedHandle(), outcome) == ScriptedHandle.PAM_AUTH_ERR


@pytest.mark.parametrize(
    "name",
    ["PAM_SILENT", "PAM_PRELIM_CHECK", "PAM_TEXT_INFO", "__class__", "service", "pam_success",
     "PAM_SUCCESS\n", "PAM_NEW_AUTHTOK_REQD"],
)  # fmt: skip
def test_no_other_attribute_of_the_handle_can_be_reached(name: str) -> None:
    assert code_from_outcome(ScriptedHandle(), name) == ScriptedHandle.PAM_AUTH_ERR


@pytest.mark.parametrize(
    "name",
    ["org.smsotp1.Error.Unavailable", "org.freedesktop.DBus.Error.ServiceUnknown",
     "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.NoReply",
     "org.freedesktop.DBus.Error.TimedOut", "org.freedesktop.DBus.Error.Spawn.ChildExited",
     "org.freedesktop.systemd1.UnitMasked"],
)  # fmt: skip
def test_nobody_there_is_what_fail_ignore_may_pass_over(name: str) -> None:
    assert isinstance(failure_from_error(name), UnreachableError)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("org.smsotp1.Error.NotAuthorized", "PAM_AUTH_ERR"),
        ("org.smsotp1.Error.BadArgument", "PAM_AUTH_ERR"),
        ("org.smsotp1.Error.NoSuchTransaction", "PAM_AUTH_ERR"),
        ("org.smsotp1.Error.Busy", "PAM_AUTHINFO_UNAVAIL"),
        ("org.freedesktop.DBus.Error.LimitsExceeded", "PAM_AUTHINFO_UNAVAIL"),
        ("org.freedesktop.DBus.Error.AccessDenied", "PAM_AUTH_ERR"),
        ("org.freedesktop.DBus.Error.UnknownMethod", "PAM_AUTH_ERR"),
        ("", "PAM_AUTH_ERR"),
    ],
)
def test_what_a_caller_can_provoke_is_never_passed_over(name: str, code: str) -> None:
    failure = failure_from_error(name)
    assert isinstance(failure, DeniedError)
    assert failure.code == code


@given(st.text())
def test_an_error_name_cannot_write_a_second_log_entry(name: str) -> None:
    assert str(failure_from_error(f"{name}\n<0>login: x")).isprintable()
