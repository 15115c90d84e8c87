# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The six functions PAM calls. Whatever happens below, each returns a PAM code.

Every return names its `handle.PAM_…` constant or passes one on: to pam_python False is 0, and 0
is PAM_SUCCESS. Imports happen inside the net, so that a half-upgraded package refuses politely,
and so that setcred and sessions cost nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pam_smsotp.handle import Handle


def pam_sm_authenticate(handle: Handle, flags: int, argv: Sequence[str]) -> int:
    """Let the daemon lead a login and return its verdict."""
    try:
        from pam_smsotp import terminal  # noqa: PLC0415  # inside the net, see above

        return terminal.authenticate(handle, flags, argv)
    except BaseException as error:  # noqa: BLE001  # nothing may pass into sshd, not even SystemExit
        _log_unexpected(error)
        return handle.PAM_AUTHINFO_UNAVAIL


def pam_sm_chauthtok(handle: Handle, flags: int, argv: Sequence[str]) -> int:
    """Let the daemon lead a change of PIN; in the preliminary round, see that it is there."""
    try:
        from pam_smsotp import terminal  # noqa: PLC0415  # inside the net, see above

        return terminal.change_pin(handle, flags, argv)
    except BaseException as error:  # noqa: BLE001  # nothing may pass into passwd, not even SystemExit
        _log_unexpected(error)
        return handle.PAM_AUTHINFO_UNAVAIL


def pam_sm_setcred(handle: Handle, _flags: int, _argv: Sequence[str]) -> int:
    """Return success: there are no credentials, and an error here would undo the login."""
    return handle.PAM_SUCCESS


def pam_sm_acct_mgmt(handle: Handle, _flags: int, _argv: Sequence[str]) -> int:
    """Leave accounts to others."""
    return handle.PAM_IGNORE


def pam_sm_open_session(handle: Handle, _flags: int, _argv: Sequence[str]) -> int:
    """Leave sessions to others."""
    return handle.PAM_IGNORE


def pam_sm_close_session(handle: Handle, _flags: int, _argv: Sequence[str]) -> int:
    """Leave sessions to others."""
    return handle.PAM_IGNORE


def _log_unexpected(error: BaseException) -> None:
    """Log the kind and place of a fault of ours; its text might quote an answer."""
    try:
        from pam_smsotp import log  # noqa: PLC0415  # the import itself may be what is broken

        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "nowhere"
        log.write(log.WARNING, f"unexpected {type(error).__name__} at {where}")
    except BaseException:  # noqa: BLE001  # out of memory, out of descriptors: refuse without a word
        return
