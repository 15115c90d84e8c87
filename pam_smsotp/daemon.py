# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find the daemon, check that it is ours, and call its Authentication interface."""

from __future__ import annotations

import pwd

from pam_smsotp import wire
from pam_smsotp.bus import DRIVER, Bus
from pam_smsotp.verdict import DeniedError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

NAME = "org.smsotp1"
PATH = "/org/smsotp1"
INTERFACE = "org.smsotp1.Authentication"
# The system user the daemon runs as.
USER = "smsotp"


class Daemon:
    """The daemon behind the bus name, held by its unique name."""

    __slots__ = ("_address", "_bus")

    def __init__(self, bus: Bus, owner: str) -> None:
        self._bus = bus
        self._address = (owner, PATH, INTERFACE)

    @classmethod
    def find(cls, bus: Bus) -> Self:
        """Find the name's owner, started if need be, and refuse one of a foreign user.

        Raises:
            DeniedError: the owner is neither root nor the daemon's user.
            UnreachableError: nobody owns the name and nobody could be started.
        """
        try:
            owner = cls._owner(bus)
        except UnreachableError:
            bus.call(
                DRIVER, "StartServiceByName", "su", wire.encode_start_service(NAME), returns="u"
            )
            owner = cls._owner(bus)
        body = wire.encode_strings(owner)
        uid = bus.call(DRIVER, "GetConnectionUnixUser", "s", body, returns="u").read_uint32()
        if uid != 0 and uid != _daemon_uid():
            raise DeniedError("PAM_AUTHINFO_UNAVAIL", f"{NAME} is owned by uid {uid}")
        # From here on the unique name is used: the well-known one could change hands.
        return cls(bus, owner)

    @staticmethod
    def _owner(bus: Bus) -> str:
        reply = bus.call(DRIVER, "GetNameOwner", "s", wire.encode_strings(NAME), returns="s")
        return reply.read_string()

    def begin(self, context: Mapping[str, str | list[str]]) -> tuple[str, list[tuple[str, str]]]:
        """Open a transaction."""
        body = wire.encode_dictionary(context)
        reply = self._bus.call(self._address, "Begin", "a{sv}", body, returns="sa(ss)")
        return reply.read_string(), reply.read_steps()

    def respond(self, transaction: str, answer: str) -> list[tuple[str, str]]:
        """Relay an answer."""
        self._bus.renew_deadline()
        body = wire.encode_strings(transaction, answer)
        return self._bus.call(self._address, "Respond", "ss", body, returns="a(ss)").read_steps()

    def cancel(self, transaction: str) -> None:
        """Give the transaction up, without waiting; the daemon also notices that we leave."""
        body = wire.encode_strings(transaction)
        try:
            self._bus.send(self._address, "Cancel", "s", body, reply_expected=False)
        except (DeniedError, UnreachableError):
            return


def _daemon_uid() -> int | None:
    try:
        return pwd.getpwnam(USER).pw_uid
    except KeyError:
        return None
