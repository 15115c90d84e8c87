# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The Admin interface as Python functions, with the types of the contract."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.core.secret import Secret

Entry = dict[str, object]
PairingStep = tuple[str, str, str]

MOST_SECRET_BYTES = 64 * 1024
# A gateway's own deadline is 15 s; the daemon answers when it is over.
_SENDING_SECONDS = 90.0
# A hundred PINs are hashed one after the other.
_IMPORT_SECONDS = 300.0


class Caller(Protocol):
    """What carries the calls: the bus, or a test's stand-in."""

    def call(
        self,
        member: str,
        signature: str = "",
        *body: object,
        descriptor: int | None = None,
        seconds: float = 60.0,
    ) -> object:
        """Call a method and return its result."""


class AdminClient:
    """Call the daemon, one function a method of org.smsotp1.Admin.

    Every function raises CliError when the daemon refuses or cannot be reached.
    """

    def __init__(self, bus: Caller) -> None:
        self._bus = bus

    def status(self) -> Entry:
        """Return how the daemon is."""
        return as_entry(self._bus.call("Status"))

    def list_gateway_types(self) -> list[Entry]:
        """Return the gateway types with their settings."""
        return _entries(self._bus.call("ListGatewayTypes"))

    def list_gateways(self) -> list[Entry]:
        """Return all gateways, without settings."""
        return _entries(self._bus.call("ListGateways"))

    def show_gateway(self, name: str) -> Entry:
        """Return one gateway with its settings, secrets masked."""
        return as_entry(self._bus.call("ShowGateway", "s", name))

    def configure_gateway(
        self,
        name: str,
        type_id: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, Secret],
        *,
        keep_secrets: bool,
    ) -> None:
        """Define or replace a gateway; secrets travel by file descriptor."""
        revealed = {key: secret.reveal() for key, secret in secrets.items()}
        with descriptor_holding(json.dumps(revealed)) as descriptor:
            self._bus.call(
                "ConfigureGateway",
                "ssa{ss}hb",
                name,
                type_id,
                dict(settings),
                0,
                keep_secrets,
                descriptor=descriptor,
            )

    def enable_gateway(self, name: str) -> None:
        """Let a gateway carry messages."""
        self._bus.call("EnableGateway", "s", name)

    def disable_gateway(self, name: str) -> None:
        """Let a gateway carry no messages."""
        self._bus.call("DisableGateway", "s", name)

    def remove_gateway(self, name: str) -> None:
        """Forget a gateway and its secrets."""
        self._bus.call("RemoveGateway", "s", name)

    def test_gateway(self, name: str, recipient: str) -> Entry:
        """Send a test message; return what became of it."""
        reply = self._bus.call("TestGateway", "ss", name, recipient, seconds=_SENDING_SECONDS)
        return as_entry(reply)

    def gateway_status(self, name: str) -> Entry:
        """Return what a gateway did of late and what its provider says of it now."""
        return as_entry(self._bus.call("GatewayStatus", "s", name, seconds=_SENDING_SECONDS))

    def pair_gateway(self, name: str) -> str:
        """Begin to link an account to a gateway; return the pairing's name."""
        return str(self._bus.call("PairGateway", "s", name))

    def continue_pairing(self, pairing: str, answer: Secret) -> list[PairingStep]:
        """Go on with a pairing; return (kind, label, content) of each step."""
        with descriptor_holding(answer.reveal()) as descriptor:
            reply = self._bus.call(
                "ContinuePairing",
                "sh",
                pairing,
                0,
                descriptor=descriptor,
                seconds=_SENDING_SECONDS,
            )
        if not isinstance(reply, list):
            raise CliError("smsotpd answered with something that is not in the contract")
        return [(str(kind), str(label), str(content)) for kind, label, content in reply]

    def list_users(self) -> list[Entry]:
        """Return all enrolled users."""
        return _entries(self._bus.call("ListUsers"))

    def show_user(self, user: str) -> Entry:
        """Return one user."""
        return as_entry(self._bus.call("ShowUser", "s", user))

    def enrol_user(
        self, user: str, address: str, pin: Secret, *, verify: bool, channel: str = "sms"
    ) -> str:
        """Enrol a user; return the name of the enrolment that waits for a code, or nothing."""
        with descriptor_holding(pin.reveal()) as descriptor:
            reply = self._bus.call(
                "EnrolUser",
                "ssshb",
                user,
                channel,
                address,
                0,
                verify,
                descriptor=descriptor,
                seconds=_SENDING_SECONDS,
            )
        return str(reply or "")

    def import_users(
        self,
        users: Sequence[tuple[str, Mapping[str, str], Secret]],
        *,
        dry_run: bool,
        without_pin: bool,
    ) -> list[tuple[str, str, str]]:
        """Enrol users, each a name, addresses by channel and a PIN.

        Returns:
            User, verdict and reason of each, in the same order.
        """
        entries = [
            {"user": user, "addresses": dict(addresses), "pin": pin.reveal()}
            for user, addresses, pin in users
        ]
        with descriptor_holding(json.dumps(entries)) as descriptor:
            reply = self._bus.call(
                "ImportUsers",
                "hbb",
                0,
                dry_run,
                without_pin,
                descriptor=descriptor,
                seconds=_IMPORT_SECONDS,
            )
        if not isinstance(reply, list) or len(reply) != len(entries):
            raise CliError("smsotpd answered with something that is not in the contract")
        return [(str(user), str(verdict), str(reason)) for user, verdict, reason in reply]

    def confirm_enrolment(self, enrolment: str, code: str) -> None:
        """Make an enrolment count by the code that its phone received."""
        self._bus.call("ConfirmEnrolment", "ss", enrolment, code)

    def set_pin(self, user: str, pin: Secret) -> None:
        """Give a user a new PIN."""
        with descriptor_holding(pin.reveal()) as descriptor:
            self._bus.call("SetPin", "sh", user, 0, descriptor=descriptor)

    def prefer_channel(self, user: str, channel: str) -> None:
        """Send a user's codes by this channel first."""
        self._bus.call("PreferChannel", "ss", user, channel)

    def drop_recipient(self, user: str, channel: str) -> None:
        """Forget a user's address on a channel."""
        self._bus.call("DropRecipient", "ss", user, channel)

    def unlock_user(self, user: str) -> None:
        """Forget a user's failures; make a disabled one active."""
        self._bus.call("UnlockUser", "s", user)

    def disable_user(self, user: str) -> None:
        """Let a user log in no more."""
        self._bus.call("DisableUser", "s", user)

    def forget_hosts(self, user: str) -> int:
        """Forget from where a user logged in before; return how many hosts it were."""
        return int(str(self._bus.call("ForgetHosts", "s", user)))

    def explain_policy(self, user: str, service: str, rhost: str) -> Entry:
        """Return what a login would be asked for, and why."""
        return as_entry(self._bus.call("ExplainPolicy", "sss", user, service, rhost))

    def remove_user(self, user: str) -> None:
        """Forget a user."""
        self._bus.call("RemoveUser", "s", user)

    def add_authenticator(self, user: str, digits: int) -> tuple[str, str, str]:
        """Begin to set an app up; return the name of what waits for a code, URI and seed."""
        offer = as_entry(self._bus.call("AddAuthenticator", "su", user, digits))
        return str(offer.get("authenticator")), str(offer.get("uri")), str(offer.get("seed"))

    def confirm_authenticator(self, waiting: str, code: str) -> None:
        """Make an app count by a code that it shows."""
        self._bus.call("ConfirmAuthenticator", "ss", waiting, code)

    def remove_authenticator(self, user: str) -> None:
        """Accept codes of a user's app no more."""
        self._bus.call("RemoveAuthenticator", "s", user)

    def renew_recovery_codes(self, user: str) -> list[str]:
        """Make new recovery codes; the older ones die."""
        reply = self._bus.call("RenewRecoveryCodes", "s", user)
        if not isinstance(reply, list):
            raise CliError("smsotpd answered with something that is not in the contract")
        return [str(code) for code in reply]

    def invite_user(self, user: str, seconds: int) -> str:
        """Make an invitation for who is not enrolled; an older one dies."""
        return str(self._bus.call("InviteUser", "su", user, seconds))

    def revoke_invitation(self, user: str) -> None:
        """Take an invitation back."""
        self._bus.call("RevokeInvitation", "s", user)

    def invitations(self) -> list[Entry]:
        """Return the invitations that are out."""
        return _entries(self._bus.call("ListInvitations"))

    def break_glass(self, user: str, seconds: int, reason: str) -> str:
        """Make a break-glass code."""
        return str(self._bus.call("BreakGlass", "sus", user, seconds, reason))


@contextmanager
def connected_client() -> Iterator[AdminClient]:
    """Connect to the daemon for the length of a `with` statement."""
    # Half of the start-up time of the program; `--help` and `--version` need none of it.
    from smsotpd.cli.bus import Bus  # noqa: PLC0415  # lazy, for the reason above

    with Bus() as bus:
        yield AdminClient(bus)


@contextmanager
def descriptor_holding(text: str) -> Iterator[int]:
    """Return the descriptor of a file in memory, at its start."""
    content = text.encode()
    if len(content) > MOST_SECRET_BYTES:
        raise WrongInputError(f"a secret is longer than {MOST_SECRET_BYTES // 1024} KiB")
    descriptor = os.memfd_create("smsotpctl", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def as_entry(value: object) -> Entry:
    """Return what should be a dictionary of the contract."""
    if not isinstance(value, dict):
        raise CliError("smsotpd answered with something that is not in the contract")
    return cast("Entry", value)


def _entries(value: object) -> list[Entry]:
    if not isinstance(value, list):
        raise CliError("smsotpd answered with something that is not in the contract")
    return [as_entry(each) for each in value]
