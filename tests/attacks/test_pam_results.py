# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Every code that our module could ever return, in the stacks that we write, judged by libpam."""

from pathlib import Path
from typing import Final

import pytest

from smsotpd.cli.pam.block import Stack, enable
from smsotpd.cli.pam.terminal import ENTRY
from tests.tally import Tried
from tests.unit.cli.pam_vectors import read, reader
from tests.unit.cli.test_stack_verdicts import SUCCESS, authenticate, lay_out

# pam_debug's words for all codes of Linux-PAM, from 0 to 31.
CODES: Final = (
    "success", "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied",
    "auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
    "new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired",
    "cred_err", "no_module_data", "conv_err", "authtok_err", "authtok_recover_err",
    "authtok_lock_busy", "authtok_disable_aging", "try_again", "ignore", "abort",
    "authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete",
)  # fmt: skip
STACKS: Final = [
    (service, stack)
    for service in ("sshd", "login", "sudo", "lightdm", "gdm-password", "sddm")
    for stack in Stack
]


@pytest.mark.parametrize("ours", CODES)
def test_only_success_lets_in_and_only_ignore_leaves_it_to_the_password(
    ours: str, tmp_path: Path, tried: Tried
) -> None:
    tried(2 * len(STACKS))
    for service, stack in STACKS:
        for password in ("success", "auth_err"):
            lay_out(tmp_path, "debian12", service, stack, ours=ours, password=password)
            allowed = {
                Stack.INSTEAD: ours == "success" or (ours == "ignore" and password == "success"),
                Stack.AFTER: ours in {"success", "ignore"} and password == "success",
            }
            granted = authenticate(tmp_path, service) == SUCCESS
            assert granted is allowed[stack], (service, stack, ours, password)


@pytest.mark.parametrize("broken", ["pam_no_such_module.so", "/etc/passwd"])
@pytest.mark.parametrize(("service", "stack"), STACKS)
def test_a_module_that_cannot_be_loaded_lets_nobody_in(
    broken: str, service: str, stack: Stack, tmp_path: Path, tried: Tried
) -> None:
    tried()
    lay_out(tmp_path, "debian12", service, stack, ours="success", password="success")
    path = tmp_path / service
    line = "pam_debug.so auth=success cred=success"
    written = path.read_text()
    assert line in written
    path.write_text(written.replace(line, broken))
    assert authenticate(tmp_path, service) != SUCCESS


@pytest.mark.parametrize(("service", "stack"), STACKS)
def test_the_entry_file_is_named_by_its_whole_path(
    service: str, stack: Stack, tried: Tried
) -> None:
    tried()
    text = enable(service, read("debian12", service), stack, "", reader("debian12"))
    modules = [line for line in text.splitlines() if "pam_python.so" in line]
    assert [line.split("pam_python.so")[1].split()[0] for line in modules] == [ENTRY]
    assert Path(ENTRY).is_absolute()
