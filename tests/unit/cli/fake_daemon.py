# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A daemon in memory behind the same calls as the bus; it knows the contract's members."""

import json
import os
from dataclasses import dataclass, field

from smsotpd.cli.client import MOST_SECRET_BYTES, Entry
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.gateway_settings import MASK

RIGHT_CODE = "123456"

HTTP_TYPE: Entry = {
    "type": "http",
    "title": "Any HTTP gateway",
    "link": "https://example.org/http",
    "aliases": ["former-http"],
    "settings": [
        {"name": "URL", "label": "URL", "kind": "url", "required": True, "secret": False},
        {"name": "METHOD", "label": "Method", "kind": "choice", "default": "GET",
         "choices": ["GET", "POST"], "help": "How it is sent."},
        {"name": "TIMEOUT", "label": "Timeout", "kind": "seconds", "default": "3"},
        {"name": "TOKEN", "label": "API token", "kind": "text", "secret": True, "required": True},
        {"name": "option", "label": "Field", "kind": "fields"},
    ],
}  # fmt: skip
OUTBOX_TYPE: Entry = {
    "type": "outbox", "title": "Outbox", "link": "", "settings": [], "channel": "sms",
}  # fmt: skip
SIGNAL_TYPE: Entry = {
    "type": "signal", "title": "Signal", "link": "", "settings": [], "channel": "signal",
    "pairs": True,
}  # fmt: skip
XMPP_TYPE: Entry = {
    "type": "xmpp", "title": "XMPP", "link": "", "settings": [], "channel": "xmpp", "pairs": False,
}  # fmt: skip


@dataclass
class FakeDaemon:
    """Answer like smsotpd, from dictionaries."""

    gateways: dict[str, Entry] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    users: dict[str, Entry] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    glasses: list[tuple[int, str]] = field(default_factory=list)
    conditions: dict[str, str] = field(default_factory=dict)
    tested: list[str] = field(default_factory=list)
    test_outcome: str = "accepted"
    failure: CliError | None = None
    fail_at: tuple[str, int, CliError] | None = None
    interrupt_after: int = 0
    status: Entry = field(
        default_factory=lambda: {
            "version": "0.1.0", "started_at": 1_700_000_000, "configuration_files": 1,
            "configuration_at": 1_700_000_000, "transactions": 0, "users": 1,
        }
    )  # fmt: skip

    def call(
        self,
        member: str,
        signature: str = "",
        *body: object,
        descriptor: int | None = None,
        seconds: float = 60.0,
    ) -> object:
        del seconds
        assert ("h" in signature) is (descriptor is not None)
        self.calls.append(member)
        if self.failure:
            raise self.failure
        if self.fail_at and self.fail_at[:2] == (member, self.calls.count(member)):
            raise self.fail_at[2]
        if len(self.calls) == self.interrupt_after:
            raise KeyboardInterrupt
        passed = "" if descriptor is None else os.read(descriptor, 100_000).decode()
        return getattr(self, f"_{member}")(*body, *([passed] if descriptor is not None else []))

    def _Status(self) -> object:  # noqa: N802  # named like the bus member
        return {**self.status, "gateways": len(self.gateways)}

    def _ListGatewayTypes(self) -> object:  # noqa: N802  # named like the bus member
        return [HTTP_TYPE, OUTBOX_TYPE, SIGNAL_TYPE, XMPP_TYPE]

    def _ListGateways(self) -> object:  # noqa: N802  # named like the bus member
        return [
            {key: entry[key] for key in ("name", "type", "source", "enabled")}
            for entry in self.gateways.values()
        ]

    def _ShowGateway(self, name: str) -> object:  # noqa: N802  # named like the bus member
        entry = self._gateway(name)
        shown = dict.fromkeys(self.secrets[name], MASK)
        settings = entry["settings"]
        assert isinstance(settings, dict)
        return {**entry, "settings": settings | shown}

    def _ConfigureGateway(  # noqa: N802  # named like the bus member
        self,
        name: str,
        type_id: str,
        settings: dict[str, str],
        _index: int,
        keep_secrets: bool,  # noqa: FBT001  # positional on the bus
        secrets: str,
    ) -> None:
        kept = self.secrets.get(name, {}) if keep_secrets else {}
        self.secrets[name] = kept | json.loads(secrets)
        self.gateways[name] = {
            "name": name, "type": type_id, "source": "store", "enabled": True,
            "settings": dict(settings),
        }  # fmt: skip

    def _EnableGateway(self, name: str) -> None:  # noqa: N802  # named like the bus member
        self._gateway(name)["enabled"] = True

    def _DisableGateway(self, name: str) -> None:  # noqa: N802  # named like the bus member
        self._gateway(name)["enabled"] = False

    def _RemoveGateway(self, name: str) -> None:  # noqa: N802  # named like the bus member
        self._gateway(name)
        del self.gateways[name]

    def _TestGateway(self, name: str, recipient: str) -> object:  # noqa: N802  # as above
        self._gateway(name)
        self.tested.append(recipient)
        return {"outcome": self.test_outcome, "message_id": "m1", "latency_ms": 12}

    def _GatewayStatus(self, name: str) -> object:  # noqa: N802  # named like the bus member
        self._gateway(name)
        condition = self.conditions.get(name, "up")
        summary = f"it is {condition}"
        return {"name": name, "breaker": "closed", "condition": condition, "summary": summary}

    def _PairGateway(self, name: str) -> str:  # noqa: N802  # named like the bus member
        self._gateway(name)
        return name

    def _ContinuePairing(  # noqa: N802  # named like the bus member
        self, pairing: str, _index: int, _answer: str
    ) -> object:
        self.conditions[pairing] = "up"
        return [["info", "Scan it.", ""], ["done", "The account is linked.", ""]]

    def _ListUsers(self) -> object:  # noqa: N802  # named like the bus member
        return list(self.users.values())

    def _ShowUser(self, user: str) -> object:  # noqa: N802  # named like the bus member
        return self._user(user)

    def _EnrolUser(  # noqa: N802  # named like the bus member
        self,
        user: str,
        channel: str,
        phone: str,
        _index: int,
        verify: bool,  # noqa: FBT001  # positional on the bus
        pin: str,
    ) -> str:
        self.pins[user] = pin or self.pins.get(user, "")
        present = self.users.get(user, {}).get("recipients", [])
        assert isinstance(present, list)
        self.users[user] = {
            "user": user, "phone": f"+49 ••• ••{phone[-2:]}", "state": "active", "failures": 0,
            "enrolled_at": 1_700_000_000, "has_pin": bool(self.pins[user]),
            "recipients": [*present, [channel, f"•••{phone[-2:]}"]],
        }  # fmt: skip
        return "e1" if verify else ""

    def _ImportUsers(  # noqa: N802  # named like the bus member
        self,
        _index: int,
        dry_run: bool,  # noqa: FBT001  # positional on the bus
        without_pin: bool,  # noqa: FBT001  # positional on the bus
        users: str,
    ) -> object:
        assert len(users) <= MOST_SECRET_BYTES
        answers = []
        for each in json.loads(users):
            name, pin, known = each["user"], each["pin"], each["user"] in self.users
            if not each["addresses"].get("sms", "+").startswith("+"):
                answers.append([name, "refused", "phone must begin with +"])
            elif not known and not pin and not without_pin:
                answers.append([name, "refused", "needs a PIN"])
            else:
                is_new_pin = bool(pin) and pin != self.pins.get(name)
                word = "changed" if is_new_pin else "unchanged"
                answers.append([name, word if known else "enrolled", ""])
                if not dry_run:
                    self.pins[name] = pin or self.pins.get(name, "")
                    self.users[name] = {"user": name, "has_pin": bool(self.pins[name])}
        return answers

    def _ConfirmEnrolment(self, enrolment: str, code: str) -> None:  # noqa: N802  # as above
        assert enrolment == "e1"
        if code != RIGHT_CODE:
            raise CliError("wrong code", exit_code=Exit.REFUSED)

    def _SetPin(self, user: str, _index: int, pin: str) -> None:  # noqa: N802  # as above
        self._user(user)
        self.pins[user] = pin

    def _UnlockUser(self, user: str) -> None:  # noqa: N802  # named like the bus member
        self._user(user)["state"] = "active"

    def _DisableUser(self, user: str) -> None:  # noqa: N802  # named like the bus member
        self._user(user)["state"] = "disabled"

    def _RemoveUser(self, user: str) -> None:  # noqa: N802  # named like the bus member
        self._user(user)
        del self.users[user]

    def _AddAuthenticator(self, user: str, digits: int) -> object:  # noqa: N802  # as above
        self._user(user)
        uri = f"otpauth://totp/host:{user}?secret=ABCDEFGH&digits={digits}"
        return {"authenticator": "a1", "uri": uri, "seed": "ABCDEFGH"}

    def _ConfirmAuthenticator(self, name: str, code: str) -> None:  # noqa: N802  # as above
        assert name == "a1"
        if code != RIGHT_CODE:
            raise CliError("wrong code", exit_code=Exit.REFUSED)

    def _RemoveAuthenticator(self, user: str) -> None:  # noqa: N802  # as above
        self._user(user)

    def _RenewRecoveryCodes(self, user: str) -> object:  # noqa: N802  # as above
        self._user(user)["recovery_codes"] = 2
        return ["AAAA-BBBB-CCCC-DDDD", "BAAA-BBBB-CCCC-DDDD"]

    def _InviteUser(self, user: str, seconds: int) -> str:  # noqa: N802  # as above
        return f"YK7Q-{user}-{seconds}"

    def _RevokeInvitation(self, user: str) -> None:  # noqa: N802  # as above
        self._user(user)

    def _ListInvitations(self) -> list[dict[str, object]]:  # noqa: N802  # as above
        return [{"user": "anna", "by_uid": 0, "until": 1_767_225_600}]

    def _BreakGlass(self, user: str, seconds: int, reason: str) -> str:  # noqa: N802  # as above
        self._user(user)
        self.glasses.append((seconds, reason))
        return "ZAAA-BBBB-CCCC-DDDD"

    def _gateway(self, name: str) -> Entry:
        if name not in self.gateways:
            raise CliError("no gateway of that name is defined", exit_code=Exit.NOT_FOUND)
        return self.gateways[name]

    def _user(self, name: str) -> Entry:
        if name not in self.users:
            raise CliError("nobody of that name is enrolled", exit_code=Exit.NOT_FOUND)
        return self.users[name]
