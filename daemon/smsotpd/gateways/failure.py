# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an exception of the HTTP client means for a message; the exception's text is never used.

Its text holds the URL with number and code, so only types, codes and flags are looked at.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from requests.exceptions import ConnectTimeout, InvalidHeader, InvalidURL, Timeout
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, ReadTimeoutError
from urllib3.util.ssl_match_hostname import CertificateError

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown

# OpenSSL's X509_V_ERR_ numbers, in x509_vfy.h.
_CERTIFICATE: Final = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "is signed by an unknown authority",
    20: "is signed by an unknown authority",
    21: "is signed by an unknown authority",
    62: "is for another host name",
    64: "is for another host name",
}
_TUNNEL: Final = re.compile(r"Tunnel connection failed: (\d{3})\b")
_PROXY_AUTHENTICATION: Final = "407"
_TIMEOUTS: Final = (
    TimeoutError,
    ConnectTimeout,
    ConnectTimeoutError,
    ReadTimeoutError,
    Timeout,
)


def outcome_from_error(error: Exception, *, handed_over: bool) -> Outcome:
    """Return what became of a message when the exchange broke off with this error."""
    if handed_over:
        return Unknown("the connection broke after the message was handed over")
    causes = tuple(_causes(error))
    for explain in (_tls, _network, _settings, _proxy):
        for cause in causes:
            outcome = explain(cause)
            if outcome is not None:
                return outcome
    if type(error) is OSError:  # requests' own check of the file, before it connects
        return _temporary("the file of certificate authorities cannot be read")
    if any(isinstance(cause, _TIMEOUTS) for cause in causes):
        return _temporary("no connection to the gateway in time")
    return _temporary("no connection to the gateway")


def _tls(cause: BaseException) -> Outcome | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        what = _CERTIFICATE.get(cause.verify_code, "is not trusted")
        return _temporary(f"TLS: the certificate {what}")
    if isinstance(cause, CertificateError):  # urllib3 1.26 compares names itself
        return _temporary("TLS: the certificate is for another host name")
    if isinstance(cause, ssl.SSLError):
        return _temporary("TLS: no secure connection to the gateway")
    return None


def _network(cause: BaseException) -> Outcome | None:
    if isinstance(cause, socket.gaierror):
        return _temporary("the host name of the gateway or its proxy is not found")
    if isinstance(cause, ConnectionRefusedError):
        return _temporary("the gateway or its proxy refuses the connection")
    return None


def _settings(cause: BaseException) -> Outcome | None:
    if isinstance(cause, InvalidURL | InvalidHeader | LocationParseError | UnicodeError):
        return Rejected(ErrorClass.REJECTED, "the settings make no valid HTTP request")
    return None


def _proxy(cause: BaseException) -> Outcome | None:
    tunnel = _TUNNEL.search(str(cause)) if type(cause) is OSError else None
    if not tunnel:
        return None
    if tunnel[1] == _PROXY_AUTHENTICATION:
        return Rejected(ErrorClass.AUTH, "the proxy refuses our credentials (HTTP 407)")
    return _temporary(f"the proxy does not reach the gateway (HTTP {tunnel[1]})")


def _temporary(detail: str) -> Deferred:
    return Deferred(ErrorClass.TEMPORARY, detail)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk to everything an exception wraps, each once: urllib3 and requests nest in all ways."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        waiting.extend(item for item in inner if isinstance(item, BaseException))
