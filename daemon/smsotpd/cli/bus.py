# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Call methods on the system bus and wait for the answer; the only module here that knows D-Bus."""

import asyncio
import os
import pwd
from types import TracebackType
from typing import Final, Self

from dbus_next.aio.message_bus import MessageBus
from dbus_next.constants import BusType, MessageFlag, MessageType
from dbus_next.errors import AuthError, InvalidAddressError
from dbus_next.message import Message
from dbus_next.signature import Variant

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import printable

BUS_NAME: Final = "org.smsotp1"
OBJECT_PATH: Final = "/org/smsotp1"
ADMIN: Final = "org.smsotp1.Admin"

_DRIVER: Final = "org.freedesktop.DBus"
_OURS: Final = "org.smsotp1.Error."
_THEIRS: Final = "org.freedesktop.DBus.Error."
_DAEMON_USER: Final = "smsotp"
_CONNECT_SECONDS: Final = 5.0

_DOWN: Final = "see: systemctl status smsotpd; journalctl -u smsotpd"
_AS_ROOT: Final = "run it as root: sudo smsotpctl …"

# What the contract's errors mean to a shell, and what to do about those that do not say it.
_CODES: Final = {
    "NotAuthorized": (Exit.NOT_AUTHORIZED, _AS_ROOT),
    "BadArgument": (Exit.USAGE, ""),
    "NoSuchTransaction": (Exit.NOT_FOUND, ""),
    "Busy": (Exit.UNAVAILABLE, "try again in a moment"),
    "NotFound": (Exit.NOT_FOUND, ""),
    "Exists": (Exit.EXISTS, ""),
    "Refused": (Exit.REFUSED, ""),
    "Unavailable": (Exit.UNAVAILABLE, _DOWN),
}
_NOT_THERE: Final = {"ServiceUnknown", "NameHasNoOwner", "Disconnected"}


class Bus:
    """A blocking connection to the daemon; use it in a `with` statement.

    Raises:
        CliError: no bus, no daemon, or a name owned by somebody who is not the daemon.
    """

    def __init__(self, interface: str = ADMIN) -> None:
        self._interface = interface
        self._runner = asyncio.Runner()
        self._destination = ""

    def __enter__(self) -> Self:
        try:
            self._bus = self._runner.run(_connect())
            self._destination = self._find_daemon()
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bus.disconnect()
        self._runner.close()

    def call(
        self,
        member: str,
        signature: str = "",
        *body: object,
        descriptor: int | None = None,
        seconds: float = 60.0,
    ) -> object:
        """Call a method of the interface; return its one result, without variants.

        Args:
            descriptor: a file descriptor to pass; its place in the body holds 0.
            seconds: to wait for the answer, somebody's typing of a password for polkit included.

        Raises:
            CliError: the daemon refused, or did not answer.
        """
        message = Message(
            destination=self._destination,
            path=OBJECT_PATH,
            interface=self._interface,
            member=member,
            signature=signature,
            body=list(body),
            flags=MessageFlag.ALLOW_INTERACTIVE_AUTHORIZATION,
            unix_fds=[] if descriptor is None else [descriptor],
        )
        return self._exchange(message, seconds)

    def _find_daemon(self) -> str:
        """Start the daemon if need be; return its unique name, having checked whose it is."""
        if not self._ask_driver("NameHasOwner", "s", BUS_NAME):
            self._ask_driver("StartServiceByName", "su", BUS_NAME, 0)
        owner = str(self._ask_driver("GetNameOwner", "s", BUS_NAME))
        uid = self._ask_driver("GetConnectionUnixUser", "s", owner)
        if uid not in _trusted_uids():
            raise CliError(
                f"{BUS_NAME} is owned by uid {uid}, which is neither root nor {_DAEMON_USER}; "
                "nothing was sent to it",
                remedy="see: busctl status org.smsotp1",
                exit_code=Exit.UNAVAILABLE,
            )
        return owner

    def _ask_driver(self, member: str, signature: str, *body: object) -> object:
        message = Message(
            destination=_DRIVER,
            path="/org/freedesktop/DBus",
            interface=_DRIVER,
            member=member,
            signature=signature,
            body=list(body),
        )
        # The bus waits that long for a service that it starts.
        return self._exchange(message, 30.0)

    def _exchange(self, message: Message, seconds: float) -> object:
        try:
            reply = self._runner.run(asyncio.wait_for(self._bus.call(message), seconds))
        except TimeoutError:
            raise CliError(
                f"smsotpd did not answer within {seconds:g} s",
                remedy=_DOWN,
                exit_code=Exit.UNAVAILABLE,
            ) from None
        except (OSError, EOFError):
            raise CliError(
                "the connection to the system bus broke", remedy=_DOWN, exit_code=Exit.UNAVAILABLE
            ) from None
        if reply is None:
            return None
        if reply.message_type is MessageType.ERROR:
            raise _error_of(reply.error_name, reply.body)
        return _plain(reply.body[0]) if reply.body else None


async def _connect() -> MessageBus:
    try:
        bus = MessageBus(bus_type=BusType.SYSTEM, negotiate_unix_fd=True)
        return await asyncio.wait_for(bus.connect(), _CONNECT_SECONDS)
    except (OSError, EOFError, AuthError, InvalidAddressError, TimeoutError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CliError(
            f"the system bus cannot be reached: {reason}",
            remedy="see: systemctl status dbus",
            exit_code=Exit.UNAVAILABLE,
        ) from None


def _trusted_uids() -> set[int]:
    try:
        daemon = {pwd.getpwnam(_DAEMON_USER).pw_uid}
    except KeyError:
        daemon = set()
    # Whoever runs us may well be told what is typed here.
    return daemon | {0, os.geteuid()}


def _error_of(name: str, body: list[object]) -> CliError:
    """Say in words for people what a D-Bus error means."""
    text = printable(str(body[0])) if body else ""
    if name.startswith(_OURS):
        exit_code, remedy = _CODES.get(name.removeprefix(_OURS), (Exit.FAILED, ""))
        return CliError(text or name, remedy=remedy, exit_code=exit_code)
    word = name.removeprefix(_THEIRS)
    if (
        word in _NOT_THERE
        or word.startswith("Spawn.")
        or name.startswith("org.freedesktop.systemd1")
    ):
        return CliError(
            "smsotpd does not run and could not be started",
            remedy=_DOWN,
            exit_code=Exit.UNAVAILABLE,
        )
    if word in {"AccessDenied", "InteractiveAuthorizationRequired", "AuthFailed"}:
        return CliError(
            "the system bus does not let you do this",
            remedy=_AS_ROOT,
            exit_code=Exit.NOT_AUTHORIZED,
        )
    if word in {"NoReply", "Timeout", "TimedOut"}:
        return CliError("smsotpd did not answer", remedy=_DOWN, exit_code=Exit.UNAVAILABLE)
    if word in {"UnknownMethod", "UnknownInterface", "UnknownObject"}:
        return CliError(
            "the running smsotpd is of another version than this smsotpctl",
            remedy="systemctl restart smsotpd",
            exit_code=Exit.UNAVAILABLE,
        )
    return CliError(f"smsotpd failed: {text or printable(name)}", remedy=_DOWN)


def _plain(value: object) -> object:
    """Take the variants out of what came from the bus."""
    match value:
        case Variant():
            return _plain(value.value)
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value
