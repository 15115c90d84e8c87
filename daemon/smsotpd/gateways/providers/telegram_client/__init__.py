# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telegram, from a user's own account: it reaches people by number or @name, without a bot."""

from typing import Final

from smsotpd.core.channel_names import TELEGRAM
from smsotpd.core.message import Message
from smsotpd.core.outcome import ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.telegram_client.failures import FAILURES
from smsotpd.gateways.providers.telegram_client.linking import pair
from smsotpd.gateways.providers.telegram_client.peers import PeerBook
from smsotpd.gateways.providers.telegram_client.settings import SETTINGS, check
from smsotpd.gateways.spec import Direct, Evidence, Gateway, Library, Values

_LONGEST_TEXT: Final = 4096
_UNLINKED: Final = "no account is linked; pair the gateway"


class _Account:
    """The transport, and whom it found of late."""

    def __init__(self) -> None:
        self._book = PeerBook()

    def deliver(self, values: Values, message: Message, seconds: float) -> Outcome:
        if not values.text("session"):
            return Rejected(ErrorClass.AUTH, _UNLINKED)
        if not 1 <= len(message.text) <= _LONGEST_TEXT:
            return Rejected(ErrorClass.CONTENT, f"a text has 1 to {_LONGEST_TEXT} characters")
        from smsotpd.gateways.providers.telegram_client import sending  # noqa: PLC0415  # Telethon

        return sending.deliver(values, message, seconds, self._book)

    def inspect(self, values: Values, seconds: float) -> Report:
        if not values.text("session"):
            return Report(Condition.DOWN, _UNLINKED)
        from smsotpd.gateways.providers.telegram_client import sending  # noqa: PLC0415  # Telethon

        return sending.inspect(values, seconds)


_ACCOUNT: Final = _Account()

GATEWAY: Final = Gateway(
    id="telegram_client",
    title="Telegram, by a user's account",
    link="https://core.telegram.org/api/obtaining_api_id",
    settings=SETTINGS,
    transport=Direct(_ACCOUNT.deliver, _ACCOUNT.inspect),
    check=check,
    channel=TELEGRAM,
    failures=FAILURES,
    pairing=pair,
    library=Library("telethon", "apt install python3-telethon"),
    evidence=Evidence(
        verified="unmodified Telethon 1.25.1 (Debian 12), 1.40.0 and 1.45.0, with a server of our "
        "own that speaks MTProto 2.0; never with Telegram's own servers",
        uncertain=(
            "Users may hide from being found by number, and then seem to have no account.",
            "A numeric user id is found only among the account's contacts.",
            "Asking again may replace a QR code before it is scanned; the new one is then shown.",
            "PEER_FLOOD is taken for a restriction of the account, as others report it.",
        ),
    ),
)
