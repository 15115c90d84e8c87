# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What pam_python.so loads, and compiles at every login; the work is in the package."""

from pam_smsotp.entry import (
    pam_sm_acct_mgmt,
    pam_sm_authenticate,
    pam_sm_chauthtok,
    pam_sm_close_session,
    pam_sm_open_session,
    pam_sm_setcred,
)

__all__ = [
    "pam_sm_acct_mgmt",
    "pam_sm_authenticate",
    "pam_sm_chauthtok",
    "pam_sm_close_session",
    "pam_sm_open_session",
    "pam_sm_setcred",
]
