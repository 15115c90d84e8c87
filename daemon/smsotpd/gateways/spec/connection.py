# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Proxy and basic authentication as privacyIDEA's providers name them."""

from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from smsotpd.core.errors import BadArgumentError
from smsotpd.gateways.spec.request import BasicAuth
from smsotpd.gateways.spec.values import Values


def without_userinfo(url: str) -> str:
    """Return a URL without `user:password@`."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def userinfo(parts: SplitResult) -> BasicAuth | None:
    """Return user and password of a URL, percent-decoded; None if it has none."""
    if parts.username is None:
        return None
    return BasicAuth(unquote(parts.username), unquote(parts.password or ""))


def basic_auth(values: Values) -> BasicAuth | None:
    """Return USERNAME and PASSWORD, or else the ones in the URL."""
    username = values.text("USERNAME")
    if username and values.is_given("PASSWORD"):
        return BasicAuth(username, values.text("PASSWORD"))
    return userinfo(urlsplit(values.text("URL")))


def check_auth(values: Values) -> None:
    """Refuse half a pair of credentials.

    Raises:
        BadArgumentError: one of USERNAME and PASSWORD is missing, or the user name has a colon.
    """
    username = values.text("USERNAME")
    if username and not values.is_given("PASSWORD"):
        raise BadArgumentError(
            "PASSWORD",
            "is missing: USERNAME and PASSWORD are basic authentication (a password may be empty); "
            "a field of the request that is called USERNAME is written option.USERNAME",
        )
    if values.text("PASSWORD") and not username:
        raise BadArgumentError(
            "USERNAME",
            "is missing: USERNAME and PASSWORD are basic authentication; "
            "a field of the request that is called PASSWORD is written option.PASSWORD",
        )
    if ":" in username:
        raise BadArgumentError("USERNAME", "must not contain a colon (RFC 7617)")


def proxy(values: Values) -> str:
    """Return the proxy for the URL of the gateway, empty for none.

    HTTP_PROXY and HTTPS_PROXY serve URLs of their scheme; the deprecated PROXY serves URLs of the
    scheme that it itself begins with, and only if neither of the other two is given.
    """
    scheme = urlsplit(values.text("URL")).scheme
    by_scheme = {"http": values.text("HTTP_PROXY"), "https": values.text("HTTPS_PROXY")}
    if any(by_scheme.values()):
        return by_scheme.get(scheme, "")
    single = values.text("PROXY")
    return single if urlsplit(single).scheme == scheme else ""


def check_proxy(values: Values) -> None:
    """Refuse proxies of which none would be used, and credentials that none would understand.

    Raises:
        BadArgumentError: as said.
    """
    names = ("HTTP_PROXY", "HTTPS_PROXY", "PROXY")
    given = [name for name in names if values.text(name)]
    if given and not proxy(values):
        scheme = urlsplit(values.text("URL")).scheme
        raise BadArgumentError(
            given[0], f"is not used for a URL with {scheme}://; set {scheme.upper()}_PROXY"
        )
    for name in given:
        check_proxy_login(name, values.text(name))


def check_proxy_login(name: str, url: str) -> None:
    """Refuse a proxy's user or password that no proxy would understand.

    Raises:
        BadArgumentError: one of them is not in ASCII.
    """
    auth = userinfo(urlsplit(url))
    if auth and not f"{auth.username}{auth.password}".isascii():
        raise BadArgumentError(name, "must have user and password in ASCII")
