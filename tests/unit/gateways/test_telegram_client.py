# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the gateway for a Telegram account decides by itself; needs no Telethon."""

import asyncio
import base64

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.telegram_client import GATEWAY
from smsotpd.gateways.providers.telegram_client.failures import outcome_of, sign_of
from smsotpd.gateways.providers.telegram_client.peers import Peer, PeerBook
from smsotpd.gateways.spec.settings import check_settings

_HASH = "0123456789abcdef0123456789abcdef"
_SESSION = "1" + base64.urlsafe_b64encode(b"\xff" * 263).decode()
_SESSION_IPV6 = "1" + base64.urlsafe_b64encode(b"\xff" * 275).decode()
_ADA = Peer(7, 8)


class BadRequestError(Exception):
    """As Telethon spells what it does not know better."""

    code = 400
    request = None

    def __init__(self, message: str = "BAD_REQUEST") -> None:
        super().__init__("secret text")
        self.message = message


class FloodWaitError(BadRequestError):
    code = 420

    def __init__(self, seconds: object) -> None:
        super().__init__()
        self.seconds = seconds


class UserDeactivatedBanError(BadRequestError):
    code = 401


class AuthKeyNotFound(Exception):  # noqa: N818  # Telethon's own name
    """A bare exception, with an essay for a text."""


@pytest.mark.parametrize(
    ("error", "sign"),
    [
        (BadRequestError("PHONE_NOT_OCCUPIED"), "400 PHONE_NOT_OCCUPIED"),
        (BadRequestError("SOME_WAIT_17"), "400 SOME_WAIT_X"),
        (FloodWaitError(17), "420 FLOOD_WAIT_X"),
        (UserDeactivatedBanError(), "401 USER_DEACTIVATED_BAN"),
        (ValueError("400"), ""),
        (OSError(5, "code"), ""),
    ],
)
def test_an_error_is_named_as_telegram_names_it(error: Exception, sign: str) -> None:
    assert sign_of(error) == sign


@pytest.mark.parametrize(
    ("seconds", "wait"), [(17, 17.0), (-1, 0.0), (10**9, 86_400.0), ("9", None)]
)
def test_the_time_of_a_flood_limit_is_bounded(seconds: object, wait: float | None) -> None:
    outcome = outcome_of(FloodWaitError(seconds), handed_over=True)
    assert isinstance(outcome, Deferred)
    assert (outcome.error_class, outcome.retry_after) == (ErrorClass.RATE, wait)


@pytest.mark.parametrize(
    ("error", "before", "after"),
    [
        (OSError(), Deferred, Unknown),
        (asyncio.IncompleteReadError(b"", 8), Deferred, Unknown),
        (TimeoutError(), Deferred, Unknown),
        (KeyError("secret"), Deferred, Unknown),
        (AuthKeyNotFound(), Rejected, Rejected),
        (BadRequestError("PEER_FLOOD"), Rejected, Rejected),
    ],
)
def test_what_breaks_after_the_message_was_handed_over_is_ambiguous(
    error: Exception, before: type[Outcome], after: type[Outcome]
) -> None:
    assert type(outcome_of(error, handed_over=False)) is before
    outcome = outcome_of(error, handed_over=True)
    assert type(outcome) is after
    assert "secret" not in repr(outcome)


def test_who_was_found_is_remembered_for_a_day_by_account_and_address() -> None:
    now = [0.0]
    book = PeerBook(lambda: now[0])
    book.note("session", "@ada", _ADA)
    assert book.find("session", "@ada") == _ADA
    assert book.find("other", "@ada") is None
    assert book.find("session", "@bob") is None
    now[0] = 86_401.0
    assert book.find("session", "@ada") is None


def test_the_book_stays_small_and_shows_nothing() -> None:
    book = PeerBook(most=2)
    for place in range(3):
        book.note("session", f"@{place}", _ADA)
    found = [book.find("session", f"@{place}") for place in range(3)]
    assert found == [None, _ADA, _ADA]
    book.forget("session", "@1")
    assert book.find("session", "@1") is None
    assert repr(_ADA) == "Peer()"


def _check(settings: dict[str, str], secrets: dict[str, str]) -> None:
    hidden = {name: Secret(text) for name, text in {"api_hash": _HASH, **secrets}.items()}
    check_settings(GATEWAY, GatewayDefinition("g", GATEWAY.id, {"api_id": "1", **settings}, hidden))


@pytest.mark.parametrize("session", ["", _SESSION, _SESSION_IPV6])
@pytest.mark.parametrize("server", ["", "149.154.167.40:443", "[2001:db8::1]:443"])
def test_an_account_is_taken_linked_or_not(session: str, server: str) -> None:
    _check({"test_server": server}, {"session": session})


@pytest.mark.parametrize(
    ("settings", "secrets", "name"),
    [
        ({"api_id": "one"}, {}, "api_id"),
        ({}, {"api_hash": _HASH[1:]}, "api_hash"),
        ({}, {"api_hash": _HASH.upper()}, "api_hash"),
        ({}, {"session": "hello"}, "session"),
        ({}, {"session": "2" + _SESSION[1:]}, "session"),
        ({}, {"session": _SESSION[:-4]}, "session"),
        ({}, {"session": "1" + "=" * 352}, "session"),
        ({"test_server": "telegram.example:443"}, {}, "test_server"),
        ({"test_server": "149.154.167.40"}, {}, "test_server"),
        ({"test_server": "149.154.167.40:0"}, {}, "test_server"),
        ({"test_server": "149.154.167.40:1000000"}, {}, "test_server"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(
    settings: dict[str, str], secrets: dict[str, str], name: str
) -> None:
    with pytest.raises(BadArgumentError) as caught:
        _check(settings, secrets)
    assert caught.value.name == name
    for secret in secrets.values():
        assert secret not in str(caught.value)
