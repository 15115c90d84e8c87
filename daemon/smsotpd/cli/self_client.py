# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The SelfService interface as Python functions, with the types of the contract."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from smsotpd.cli.client import Caller, Entry, as_entry, descriptor_holding
from smsotpd.cli.errors import CliError
from smsotpd.core.phrase import locale_of
from smsotpd.core.secret import Secret

Step = tuple[str, str]

SELF_SERVICE = "org.smsotp1.SelfService"
# A gateway's own deadline is 15 s, and polkit may ask for a password.
_SECONDS = 150.0


class SelfClient:
    """Call the daemon, one function a method of org.smsotp1.SelfService.

    Every function raises CliError when the daemon refuses or cannot be reached.
    """

    def __init__(self, bus: Caller) -> None:
        self._bus = bus

    def set_locale(self, locale: str) -> None:
        """Be spoken to in the language of a locale."""
        self._bus.call("SetLocale", "s", locale)

    def status(self) -> Entry:
        """Return the caller's own enrolment."""
        return as_entry(self._bus.call("Status"))

    def enrol(self, channel: str, address: str) -> list[Step]:
        """Begin to enrol the caller."""
        return _steps(self._bus.call("Enrol", "ss", channel, address, seconds=_SECONDS))

    def change(self, kind: str, channel: str = "", address: str = "") -> list[Step]:
        """Begin to change something of the caller's enrolment."""
        return _steps(self._bus.call("Change", "sss", kind, channel, address, seconds=_SECONDS))

    def respond(self, answer: Secret) -> list[Step]:
        """Answer the prompt of the change in progress."""
        with descriptor_holding(answer.reveal()) as descriptor:
            reply = self._bus.call("Respond", "h", 0, descriptor=descriptor, seconds=_SECONDS)
        return _steps(reply)

    def cancel(self) -> None:
        """Give the change in progress up."""
        self._bus.call("Cancel")


@contextmanager
def connected_self_client() -> Iterator[SelfClient]:
    """Connect to the daemon for the length of a `with` statement."""
    # Half of the start-up time of the program; `--help` and `--version` need none of it.
    from smsotpd.cli.bus import Bus  # noqa: PLC0415  # lazy, for the reason above

    with Bus(SELF_SERVICE) as bus:
        client = SelfClient(bus)
        client.set_locale(locale_of(os.environ))
        yield client


def _steps(value: object) -> list[Step]:
    if not isinstance(value, list) or not value:
        raise CliError("smsotpd answered with something that is not in the contract")
    return [(str(kind), str(text)) for kind, text in value]
