# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Number PAM's return values and name them as service files do (pam.d(5), "value=action")."""

from typing import Final

# In the order of their numbers in <security/_pam_types.h>, which is 0 for success.
NAMES: Final = (
    "success", "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied",
    "auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
    "new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
    "no_module_data", "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
    "authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired", "module_unknown",
    "bad_item", "conv_again", "incomplete",
)  # fmt: skip

SUCCESS: Final = NAMES.index("success")
PERM_DENIED: Final = NAMES.index("perm_denied")
AUTH_ERR: Final = NAMES.index("auth_err")
AUTHINFO_UNAVAIL: Final = NAMES.index("authinfo_unavail")
CRED_ERR: Final = NAMES.index("cred_err")
IGNORE: Final = NAMES.index("ignore")
ABORT: Final = NAMES.index("abort")
MODULE_UNKNOWN: Final = NAMES.index("module_unknown")
