# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is worth a journal entry; values in here are safe to print by construction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Login:
    """Say whose login an event belongs to; the transaction name is no secret of its own.

    Attributes:
        caller: the uid that began it, if that was not root's: then service and tty are claims.
    """

    user: str
    service: str
    rhost: str = ""
    tty: str = ""
    transaction: str = ""
    caller: str = ""


@dataclass(frozen=True, slots=True)
class LoginGranted:
    """A user passed every factor.

    Attributes:
        kind: of the code: `sent`, `authenticator`, `recovery`, `break-glass`; or `pin` where the
            policy asked for none.
    """

    login: Login
    seconds: float
    kind: str = "sent"


@dataclass(frozen=True, slots=True)
class CodeSkipped:
    """The policy asks this user for no code: a PIN is enough, or the rest of the stack decides.

    Attributes:
        rule: the key of the policy that says so.
        reason: what was found.
    """

    login: Login
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoginDenied:
    """A login ended without a grant; the reason is for the administrator only."""

    login: Login
    reason: str


# The reason of a login that is denied since its code was sent for the next attempt: nobody failed.
FIRST_ATTEMPT = "first of two attempts: code sent"


@dataclass(frozen=True, slots=True)
class LoginCancelled:
    """The user, the program or the connection gave up."""

    login: Login
    reason: str


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A gateway took a code."""

    login: Login
    gateway: str
    recipient: str  # masked
    latency: float
    message_id: str


@dataclass(frozen=True, slots=True)
class CodeFailed:
    """A gateway did not take a code."""

    login: Login
    gateway: str
    recipient: str  # masked
    latency: float
    outcome: str
    error_class: str
    detail: str


@dataclass(frozen=True, slots=True)
class CodeNotSent:
    """No code was sent: a limit forbids it, or every gateway failed."""

    login: Login
    reason: str


@dataclass(frozen=True, slots=True)
class UserLocked:
    """Too many failures: the user is locked for a time, or disabled."""

    login: Login
    failures: int
    disabled: bool


@dataclass(frozen=True, slots=True)
class EnrolmentChanged:
    """A user was enrolled, changed, unlocked, disabled or removed.

    Attributes:
        by_uid: of the administrator, None if the user did it.
    """

    user: str
    change: str
    by_uid: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed:
    """A user logged in by a recovery code, which is worth nothing any more.

    Attributes:
        letter: that the code begins with; not a secret.
        left: how many more there are.
    """

    login: Login
    letter: str
    left: int


@dataclass(frozen=True, slots=True)
class BreakGlassMade:
    """Root made a code that lets a user in without a code being sent.

    Attributes:
        reason: as root gave it.
        seconds: within which it may be used.
    """

    user: str
    reason: str
    seconds: float
    by_uid: int


@dataclass(frozen=True, slots=True)
class BreakGlassUsed:
    """A user logged in by a break-glass code."""

    login: Login
    reason: str


@dataclass(frozen=True, slots=True)
class BreakGlassExpired:
    """The time of a break-glass code went by, and nobody used it."""

    user: str
    reason: str


@dataclass(frozen=True, slots=True)
class InvitationMade:
    """An administrator invited a user to enrol.

    Attributes:
        seconds: within which it may be used.
    """

    user: str
    seconds: float
    by_uid: int


@dataclass(frozen=True, slots=True)
class InvitationUsed:
    """A user enrolled by an invitation, which is worth nothing any more."""

    login: Login


@dataclass(frozen=True, slots=True)
class InvitationRevoked:
    """An administrator took an invitation back."""

    user: str
    by_uid: int


@dataclass(frozen=True, slots=True)
class InvitationExpired:
    """The time of an invitation went by, and nobody used it."""

    user: str


@dataclass(frozen=True, slots=True)
class GatewayChanged:
    """A gateway was configured, enabled, disabled, removed or tested."""

    gateway: str
    change: str
    by_uid: int


@dataclass(frozen=True, slots=True)
class GatewayDown:
    """A gateway is passed over for a while, or its account or connection is gone."""

    gateway: str
    reason: str


@dataclass(frozen=True, slots=True)
class GatewayUp:
    """A gateway that was down works again."""

    gateway: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotificationSent:
    """Somebody was told of an event."""

    notification: str
    event: str
    recipient: str  # masked
    gateway: str


@dataclass(frozen=True, slots=True)
class NotificationFailed:
    """Somebody was not told of an event."""

    notification: str
    event: str
    reason: str
    recipient: str = ""  # masked
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class ConfigurationLoaded:
    """The configuration was read and is in force."""

    files: int


@dataclass(frozen=True, slots=True)
class ConfigurationRefused:
    """A reload failed; what was in force stays in force."""

    complaint: str


@dataclass(frozen=True, slots=True)
class StoreFailed:
    """The store could not be written; logins are refused as long as that lasts."""

    complaint: str


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A defect: a request ended in an error nobody foresaw; named by type only."""

    member: str
    error: str


Event = (
    LoginGranted
    | CodeSkipped
    | LoginDenied
    | LoginCancelled
    | CodeSent
    | CodeFailed
    | CodeNotSent
    | UserLocked
    | EnrolmentChanged
    | RecoveryCodeUsed
    | BreakGlassMade
    | BreakGlassUsed
    | BreakGlassExpired
    | InvitationMade
    | InvitationUsed
    | InvitationRevoked
    | InvitationExpired
    | GatewayChanged
    | GatewayDown
    | GatewayUp
    | NotificationSent
    | NotificationFailed
    | ConfigurationLoaded
    | ConfigurationRefused
    | StoreFailed
    | RequestFailed
)
