# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The fixed names of the bus contract, and the bus name of each error."""

from collections.abc import Mapping

from smsotpd.core.errors import (
    BadArgumentError,
    BusyError,
    ConfigurationError,
    ConfigurationMistakesError,
    ExistsError,
    NoSuchTransactionError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    SmsOtpError,
    UnavailableError,
)

BUS_NAME = "org.smsotp1"
OBJECT_PATH = "/org/smsotp1"
AUTHENTICATION = "org.smsotp1.Authentication"
ADMIN = "org.smsotp1.Admin"
SELF_SERVICE = "org.smsotp1.SelfService"

_PREFIX = "org.smsotp1.Error."

BUSY = _PREFIX + "Busy"
UNAVAILABLE = _PREFIX + "Unavailable"

ERRORS: Mapping[type[SmsOtpError], str] = {
    NotAuthorizedError: _PREFIX + "NotAuthorized",
    BadArgumentError: _PREFIX + "BadArgument",
    NoSuchTransactionError: _PREFIX + "NoSuchTransaction",
    BusyError: BUSY,
    NotFoundError: _PREFIX + "NotFound",
    ExistsError: _PREFIX + "Exists",
    RefusedError: _PREFIX + "Refused",
    UnavailableError: UNAVAILABLE,
    ConfigurationError: _PREFIX + "Refused",
    ConfigurationMistakesError: _PREFIX + "Refused",
}


def name_of(error: SmsOtpError) -> str:
    """Return the bus name of an error."""
    return ERRORS.get(type(error), UNAVAILABLE)
