# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Send a message from a user's account, and ask how the account is."""

from typing import Any, Final

from telethon import functions, types

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition, Report
from smsotpd.gateways.providers.telegram_client.account import facts_of
from smsotpd.gateways.providers.telegram_client.client import Client, run
from smsotpd.gateways.providers.telegram_client.failures import outcome_of, sign_of
from smsotpd.gateways.providers.telegram_client.peers import Peer, PeerBook
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.balance import refusal_report
from smsotpd.gateways.spec.reading import message_id

_STALE: Final = "400 PEER_ID_INVALID"
_NOBODY: Final = Rejected(ErrorClass.RECIPIENT, "this address is no person's")
_STRANGER: Final = Rejected(
    ErrorClass.RECIPIENT,
    "the account does not know this user id: enrol the user with @name or number, "
    "or add the user to the account's contacts",
)


class Delivery:
    """One message on its way: look the recipient up, hand the text over."""

    def __init__(self, book: PeerBook, session: str, message: Message) -> None:
        self._book = book
        self._session = session
        self._address = message.recipient.address
        self._text = message.text
        self.handed_over = False

    async def __call__(self, client: Client) -> Outcome:
        """Deliver it."""
        known = self._book.find(self._session, self._address)
        if known is not None:
            try:
                return await self._send(client, known)
            except Exception as error:
                if sign_of(error) != _STALE:
                    raise
                self._book.forget(self._session, self._address)
        found = await look_up(client, self._address)
        if not isinstance(found, Peer):
            return found
        self._book.note(self._session, self._address, found)
        return await self._send(client, found)

    async def _send(self, client: Client, peer: Peer) -> Outcome:
        entity = types.InputPeerUser(peer.user_id, peer.access_hash)
        self.handed_over = True
        # Without parse_mode: a host name may hold _ and *.
        sent = await client.send_message(entity, self._text, parse_mode=None, link_preview=False)
        return Accepted(message_id(getattr(sent, "id", None)))


async def look_up(client: Client, address: str) -> Peer | Rejected:
    """Ask Telegram who has an address: a person, never a group or a channel."""
    if address.startswith("@"):
        found = await client(functions.contacts.ResolveUsernameRequest(address[1:]))
    elif address.startswith("+"):
        found = await client(functions.contacts.ResolvePhoneRequest(address[1:]))
    else:
        contacts = await client(functions.contacts.GetContactsRequest(hash=0))
        return _peer(contacts.users, int(address)) or _STRANGER
    if not isinstance(found.peer, types.PeerUser):
        return _NOBODY
    return _peer(found.users, found.peer.user_id) or _NOBODY


def deliver(values: Values, message: Message, seconds: float, book: PeerBook) -> Outcome:
    """Send a message within `seconds`; never waits for a flood limit to pass."""
    session = values.text("session")
    delivery = Delivery(book, session, message)
    try:
        return run(values, session, seconds, delivery)[0]
    except Exception as error:  # noqa: BLE001  # some of Telethon's are bare exceptions
        return outcome_of(error, handed_over=delivery.handed_over)


def inspect(values: Values, seconds: float) -> Report:
    """Ask Telegram whose session it is."""
    try:
        (me,), _ = run(values, values.text("session"), seconds, _ask_who_we_are)
    except Exception as error:  # noqa: BLE001  # as above
        return refusal_report(outcome_of(error, handed_over=False))
    return Report(Condition.READY, "the account is logged in", facts_of(me))


async def _ask_who_we_are(client: Client) -> Any:
    return await client(functions.users.GetUsersRequest([types.InputUserSelf()]))


def _peer(users: list[Any], user_id: int) -> Peer | None:
    for user in users:
        if user.id == user_id and not user.bot and not user.deleted and user.access_hash:
            return Peer(user.id, user.access_hash)
    return None
