# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Say which PAM return code stands for each outcome and each failure.

Everything fails closed. Only an `UnreachableError` may become PAM_IGNORE, and only where the
administrator wrote fail=ignore; whatever a caller can provoke is therefore a `DeniedError`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pam_smsotp.handle import Handle


class DeniedError(Exception):
    """The login ends here with the PAM code of that name, whatever fail= says."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class UnreachableError(Exception):
    """The bus or the daemon could not be reached or did not answer in time."""


# What the daemon may decide. PAM_SUCCESS is literally this word, PAM_IGNORE is a policy's
# "not for this user". Anything else is a denial.
OUTCOMES = frozenset(
    {
        "PAM_SUCCESS",
        "PAM_IGNORE",
        "PAM_ABORT",
        "PAM_ACCT_EXPIRED",
        "PAM_AUTHINFO_UNAVAIL",
        "PAM_AUTHTOK_ERR",
        "PAM_AUTHTOK_RECOVERY_ERR",
        "PAM_AUTH_ERR",
        "PAM_CONV_ERR",
        "PAM_CRED_INSUFFICIENT",
        "PAM_CRED_UNAVAIL",
        "PAM_MAXTRIES",
        "PAM_PERM_DENIED",
        "PAM_SERVICE_ERR",
        "PAM_SYSTEM_ERR",
        "PAM_TRY_AGAIN",
        "PAM_USER_UNKNOWN",
    }
)

# The errors that mean: nobody there. Error.Busy and the bus's LimitsExceeded are left out on
# purpose: a caller who opens enough transactions would otherwise switch the second step off.
NOBODY_THERE = frozenset(
    {
        "org.smsotp1.Error.Unavailable",
        "org.freedesktop.DBus.Error.Disconnected",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.NoReply",
        "org.freedesktop.DBus.Error.NoServer",
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.TimedOut",
        "org.freedesktop.DBus.Error.Timeout",
    }
)
# Activation failed: the driver's own words for it, and systemd's (NoSuchUnit, UnitMasked, …).
ACTIVATION_FAILED = ("org.freedesktop.DBus.Error.Spawn.", "org.freedesktop.systemd1.")

# Right to refuse, yet no judgement of the answer: the user reads "not available".
OVERLOADED = frozenset(
    {"org.smsotp1.Error.Busy", "org.freedesktop.DBus.Error.LimitsExceeded"},
)


def failure_from_error(name: str) -> DeniedError | UnreachableError:
    """Say what a D-Bus error means for the login.

    NotAuthorized, BadArgument, NoSuchTransaction, AccessDenied and every error not named here
    deny with PAM_AUTH_ERR.

    Args:
        name: the D-Bus error name; its text is never read, it might quote an answer.
    """
    shown = "".join(letter for letter in name[:100] if letter.isalnum() or letter in "._")
    if name in NOBODY_THERE or name.startswith(ACTIVATION_FAILED):
        return UnreachableError(shown)
    if name in OVERLOADED:
        return DeniedError("PAM_AUTHINFO_UNAVAIL", shown)
    return DeniedError("PAM_AUTH_ERR", shown)


def code_from_outcome(handle: Handle, outcome: str) -> int:
    """Return the PAM constant of an outcome; one that we do not know is PAM_AUTH_ERR."""
    code: int = getattr(handle, outcome if outcome in OUTCOMES else "PAM_AUTH_ERR")
    return code
