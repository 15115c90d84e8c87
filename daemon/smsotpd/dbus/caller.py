# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Who is calling: what the bus driver and polkit say, and nothing the caller says itself."""

import asyncio
from dataclasses import dataclass

from dbus_next import Message, MessageType, Variant
from dbus_next.aio.message_bus import MessageBus

from smsotpd.core.errors import NotAuthorizedError, UnavailableError
from smsotpd.core.ports import Accounts

ROOT = 0

_DRIVER = "org.freedesktop.DBus"
_POLKIT = "org.freedesktop.PolicyKit1"
# What users do to their own accounts.
_OWN = "org.smsotp1.self."
# In a crowd it is this daemon that is late to read the answer; the terminal waits for 40.
_SECONDS_FOR_DRIVER = 20.0
_SECONDS_FOR_POLKIT = 120.0  # a person may have to type a password
_ALLOW_INTERACTION = 1


@dataclass(slots=True, eq=False)
class Caller:
    """A connection to the bus.

    Attributes:
        name: its unique name.
        uid: as the bus driver says; None until asked.
        user: name of the account with that uid; empty until asked, for root, and if there is none.
        is_gone: whether it left the bus.
    """

    name: str
    uid: int | None = None
    user: str = ""
    is_gone: bool = False

    @property
    def is_root(self) -> bool:
        """Tell whether it may act for anybody, and knows best what it says."""
        return self.require_uid() == ROOT

    def require_uid(self) -> int:
        """Return the uid.

        Raises:
            NotAuthorizedError: the bus driver has not named it.
        """
        if self.uid is None:
            raise NotAuthorizedError("the bus does not say who is calling")
        return self.uid

    def require_presence(self) -> None:
        """Begin nothing for who left while something was waited for: nobody would end it.

        Raises:
            UnavailableError: the caller left the bus.
        """
        if self.is_gone:
            raise UnavailableError("the caller left the bus")

    def may_act_for(self, user: str) -> bool:
        """Tell whether the caller may authenticate a user: root anybody, others themselves."""
        return self.is_root or (bool(self.user) and self.user == user)


async def learn_name(caller: Caller, accounts: Accounts) -> None:
    """Fill in the caller's account name, unless it is root, whose name decides nothing.

    Raises:
        NotAuthorizedError: whoever knows the accounts does not answer in time.
    """
    if caller.is_root or caller.user:
        return
    user = await accounts.name(caller.require_uid())
    if user is None:
        raise NotAuthorizedError("nobody says in time whose uid yours is")
    caller.user = user


async def identify(bus: MessageBus, caller: Caller) -> None:
    """Fill in the caller's uid from the bus driver.

    Raises:
        NotAuthorizedError: the driver does not know it, or does not answer.
    """
    if caller.uid is not None:
        return
    reply = await _call(
        bus,
        Message(
            destination=_DRIVER,
            path="/org/freedesktop/DBus",
            interface=_DRIVER,
            member="GetConnectionCredentials",
            signature="s",
            body=[caller.name],
        ),
        _SECONDS_FOR_DRIVER,
    )
    uid = reply.body[0].get("UnixUserID")
    if not isinstance(uid, Variant) or not isinstance(uid.value, int):
        raise NotAuthorizedError("the bus does not say who is calling")
    caller.uid = uid.value


async def authorize(bus: MessageBus, caller: Caller, action: str, *, is_interactive: bool) -> None:
    """Let root pass, and whomever polkit allows the action.

    Raises:
        NotAuthorizedError: polkit says no, or there is none.
    """
    if caller.is_root:
        return
    subject = ["system-bus-name", {"name": Variant("s", caller.name)}]
    reply = await _call(
        bus,
        Message(
            destination=_POLKIT,
            path="/org/freedesktop/PolicyKit1/Authority",
            interface=_POLKIT + ".Authority",
            member="CheckAuthorization",
            signature="(sa{sv})sa{ss}us",
            body=[subject, action, {}, _ALLOW_INTERACTION if is_interactive else 0, ""],
        ),
        _SECONDS_FOR_POLKIT,
    )
    if reply.body[0][0] is not True:
        advice = "it wants your own password" if action.startswith(_OWN) else "run this as root"
        raise NotAuthorizedError(f"polkit does not allow {action} to you; {advice}")


async def _call(bus: MessageBus, message: Message, seconds: float) -> Message:
    refusal = NotAuthorizedError("the caller cannot be checked; run this as root")
    try:
        async with asyncio.timeout(seconds):
            reply = await bus.call(message)
    except TimeoutError as error:
        raise refusal from error
    if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
        raise refusal
    return reply
