# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What libpam itself makes of the stacks that we write.

Our module and pam_unix are replaced by pam_debug, which returns what it is told to; everything
else in the stack is real.
"""

import ctypes
import re
from pathlib import Path

import pytest

from smsotpd.cli.pam.block import Stack, enable
from tests.unit.cli.pam_vectors import RELEASES, UNDERSTOOD, read, reader

SUCCESS, AUTH_ERR = 0, 7
LIBPAM = ctypes.CDLL("libpam.so.0")
# struct pam_conv: a function and its data; no module of these stacks asks anything.
CONVERSATION = (ctypes.c_void_p * 2)(None, None)
# PAM_FAIL_DELAY: what libpam calls instead of sleeping after a failure.
FAIL_DELAY = 10
NO_DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)(
    lambda _status, _microseconds, _data: None
)


def authenticate(directory: Path, service: str, *, setcred_only: bool = False) -> int:
    handle = ctypes.c_void_p()
    started = LIBPAM.pam_start_confdir(
        service.encode(), b"daemon", CONVERSATION, str(directory).encode(), ctypes.byref(handle)
    )
    assert started == SUCCESS
    assert LIBPAM.pam_set_item(handle, FAIL_DELAY, NO_DELAY) == SUCCESS
    establish = 0x2  # PAM_ESTABLISH_CRED
    try:
        if setcred_only:
            return int(LIBPAM.pam_setcred(handle, establish))
        result = int(LIBPAM.pam_authenticate(handle, 0))
        return result or int(LIBPAM.pam_setcred(handle, establish))
    finally:
        LIBPAM.pam_end(handle, 0)


def lay_out(
    directory: Path, release: str, service: str, stack: Stack, *, ours: str, password: str
) -> None:
    text = enable(service, read(release, service), stack, "", reader(release))
    module = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py"
    assert module in text
    # pam_shells and others would judge the test's user; the verdict of interest is ours.
    text = text.replace(module, f"pam_debug.so auth={ours} cred=success")
    text = text.replace("pam_shells.so", "pam_permit.so")
    texts = {
        name: read(release, name)
        for name in ("login", "common-account", "common-auth", "common-password",
                     "common-session", "common-session-noninteractive")
    }  # fmt: skip
    texts["common-auth"] = texts["common-auth"].replace(
        "pam_unix.so nullok", f"pam_debug.so auth={password} cred=success"
    )
    for name, content in (texts | {service: text}).items():
        # libpam 1.5 looks for included files in /etc/pam.d whatever the directory given.
        absolute = re.sub(
            r"(?m)^(@include|auth\s+(?:include|substack))\s+(\S+)", rf"\1 {directory}/\2", content
        )
        (directory / name).write_text(absolute)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", UNDERSTOOD)
@pytest.mark.parametrize(
    ("ours", "password", "granted"),
    [
        ("success", "success", True),
        ("success", "auth_err", True),
        ("auth_err", "success", False),
        ("auth_err", "auth_err", False),
        ("maxtries", "success", False),
        ("conv_err", "success", False),
        ("authinfo_unavail", "success", False),
        ("user_unknown", "success", False),
        ("service_err", "success", False),
        ("ignore", "success", True),
        ("ignore", "auth_err", False),
    ],
)
def test_instead_is_decided_by_us_and_by_the_password_only_where_we_stand_aside(
    release: str, service: str, ours: str, password: str, *, granted: bool, tmp_path: Path
) -> None:
    lay_out(tmp_path, release, service, Stack.INSTEAD, ours=ours, password=password)

    assert (authenticate(tmp_path, service) == SUCCESS) is granted


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", [name for name in UNDERSTOOD if name != "cockpit"])
@pytest.mark.parametrize(
    ("ours", "password", "granted"),
    [
        ("success", "success", True),
        ("success", "auth_err", False),
        ("auth_err", "success", False),
        ("auth_err", "auth_err", False),
        ("maxtries", "success", False),
        ("conv_err", "success", False),
        ("authinfo_unavail", "success", False),
        ("ignore", "success", True),
        ("ignore", "auth_err", False),
    ],
)
def test_after_needs_the_password_and_us(
    release: str, service: str, ours: str, password: str, *, granted: bool, tmp_path: Path
) -> None:
    lay_out(tmp_path, release, service, Stack.AFTER, ours=ours, password=password)

    assert (authenticate(tmp_path, service) == SUCCESS) is granted


@pytest.mark.parametrize("stack", Stack)
@pytest.mark.parametrize("service", ["sshd", "sudo", "lightdm"])
def test_credentials_are_set_in_a_process_that_did_not_authenticate(
    service: str, stack: Stack, tmp_path: Path
) -> None:
    # sshd authenticates in a child and sets credentials in the monitor.
    lay_out(tmp_path, "debian12", service, stack, ours="auth_err", password="auth_err")

    assert authenticate(tmp_path, service, setcred_only=True) == SUCCESS


def test_the_failure_seen_by_the_program_is_the_one_we_return(tmp_path: Path) -> None:
    lay_out(tmp_path, "debian12", "sudo", Stack.INSTEAD, ours="auth_err", password="success")

    assert authenticate(tmp_path, "sudo") == AUTH_ERR
