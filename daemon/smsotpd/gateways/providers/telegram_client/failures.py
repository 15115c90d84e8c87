# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an error of Telegram's, or of its client's, means for a message.

Telethon knows most errors as classes, and each version knows more of them: an error that it does
not know arrives as its class's root with the server's own word as `message`. Both are brought to
that word here. The text of an exception is never used.
"""

import re
from typing import Any, Final

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.gateways.spec import Failure
from smsotpd.gateways.spec.failure_table import FailureTable, failed

LOGGED_OUT: Final = "the account is logged out; pair the gateway again"
_SIGN: Final = "RPC error {}"
_FLOOD: Final = "420 FLOOD_WAIT_X"
_LONGEST_WAIT: Final = 86_400.0

# After these the session never works again.
_DEAD: Final = FailureTable(
    _SIGN,
    {
        "401 AUTH_KEY_UNREGISTERED": ErrorClass.AUTH,
        "401 AUTH_KEY_INVALID": ErrorClass.AUTH,
        "401 SESSION_REVOKED": ErrorClass.AUTH,
        "401 SESSION_EXPIRED": ErrorClass.AUTH,
        "401 USER_DEACTIVATED": ErrorClass.AUTH,
        "401 USER_DEACTIVATED_BAN": ErrorClass.AUTH,
        "401 SESSION_PASSWORD_NEEDED": ErrorClass.AUTH,
        "406 AUTH_KEY_DUPLICATED": ErrorClass.AUTH,
    },
)
_REFUSALS: Final = FailureTable(
    _SIGN,
    {
        "400 API_ID_INVALID": ErrorClass.AUTH,
        "400 API_ID_PUBLISHED_FLOOD": ErrorClass.AUTH,
        "400 PHONE_NOT_OCCUPIED": ErrorClass.RECIPIENT,
        "400 PHONE_NUMBER_INVALID": ErrorClass.RECIPIENT,
        "400 USERNAME_NOT_OCCUPIED": ErrorClass.RECIPIENT,
        "400 USERNAME_INVALID": ErrorClass.RECIPIENT,
        "400 PEER_ID_INVALID": ErrorClass.RECIPIENT,
        "400 USER_IS_BLOCKED": ErrorClass.RECIPIENT,
        "400 YOU_BLOCKED_USER": ErrorClass.RECIPIENT,
        "400 INPUT_USER_DEACTIVATED": ErrorClass.RECIPIENT,
        "403 USER_PRIVACY_RESTRICTED": ErrorClass.RECIPIENT,
        "403 CHAT_WRITE_FORBIDDEN": ErrorClass.RECIPIENT,
        # Reported by others for too many messages to strangers: only some accounts may not.
        "400 PEER_FLOOD": ErrorClass.SENDER,
        _FLOOD: ErrorClass.RATE,
        "400 MESSAGE_EMPTY": ErrorClass.CONTENT,
        "400 MESSAGE_TOO_LONG": ErrorClass.CONTENT,
        "500 INTERNAL": ErrorClass.TEMPORARY,
        "503 TIMEOUT": ErrorClass.TEMPORARY,
    },
)
_KEY_FORGOTTEN: Final = Failure("transport error -404", ErrorClass.AUTH)
FAILURES: Final = (*_DEAD.failures, _KEY_FORGOTTEN, *_REFUSALS.failures)

_BY_CODE: Final = {
    303: ErrorClass.TEMPORARY,
    401: ErrorClass.AUTH,
    420: ErrorClass.RATE,
    500: ErrorClass.TEMPORARY,
    503: ErrorClass.TEMPORARY,
}
_ROOTS: Final = re.compile(
    r"RPC|InvalidDC|BadRequest|Unauthorized|Forbidden|NotFound|AuthKey|Flood|Server|TimedOut"
)
# What a class of Telethon's has lost of the word; its versions do not agree on the second.
_OTHERWISE: Final = {"420 FLOOD_WAIT": _FLOOD, "500 TIMEOUT": "503 TIMEOUT"}
_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def sign_of(error: Exception) -> str:
    """Return an RPC error as Telegram names it, as `400 PEER_FLOOD`; empty for other errors.

    A number at the end of the name, as of seconds, is left as X.
    """
    code: Any = getattr(error, "code", None)
    if not isinstance(code, int) or not hasattr(error, "request"):
        return ""
    own = type(error).__name__.removesuffix("Error")
    if _ROOTS.fullmatch(own):
        word = re.sub(r"_\d+$", "_X", str(getattr(error, "message", "")))
    else:
        word = _WORD_BEGINS.sub("_", own).upper()
    sign = f"{abs(code)} {word}"
    return _OTHERWISE.get(sign, sign)


def outcome_of(error: Exception, *, handed_over: bool) -> Outcome:
    """Return what became of a message when an errand ended with this error."""
    if type(error).__name__ == "AuthKeyNotFound":
        return Rejected(ErrorClass.AUTH, f"{LOGGED_OUT} ({_KEY_FORGOTTEN.sign})")
    sign = sign_of(error)
    if sign:
        return _of_sign(sign, _wait(error))
    if handed_over:
        how = "no answer came" if isinstance(error, TimeoutError) else "the connection broke"
        return Unknown(f"{how} after the message was handed over")
    if isinstance(error, TimeoutError):
        return Deferred(ErrorClass.TEMPORARY, "no answer from Telegram in time")
    if isinstance(error, OSError | EOFError):
        return Deferred(ErrorClass.TEMPORARY, "no connection to Telegram")
    return Deferred(ErrorClass.TEMPORARY, f"Telegram's client failed: {type(error).__name__}")


def _of_sign(sign: str, wait: float | None) -> Outcome:
    if sign in _DEAD:
        return Rejected(ErrorClass.AUTH, f"{LOGGED_OUT} ({_SIGN.format(sign)})")
    if sign in _REFUSALS:
        return _REFUSALS.outcome(sign, wait)
    code = int(sign.partition(" ")[0])
    error_class = _BY_CODE.get(code, ErrorClass.REJECTED)
    return failed(error_class, f"RPC error {code}, with a word that is not documented", wait)


def _wait(error: Exception) -> float | None:
    seconds: Any = getattr(error, "seconds", None)
    if not isinstance(seconds, int):
        return None
    return min(max(float(seconds), 0.0), _LONGEST_WAIT)
