# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.SelfService: whoever calls acts for its own account, which no argument can name."""

from collections.abc import Sequence

from smsotpd.core.errors import BadArgumentError, NotAuthorizedError
from smsotpd.core.ports import Accounts
from smsotpd.core.self_change import Kind
from smsotpd.core.self_service import SelfService
from smsotpd.core.text import has_control_characters
from smsotpd.core.users import Users
from smsotpd.dbus.admin import encoded_user
from smsotpd.dbus.caller import Caller, learn_name
from smsotpd.dbus.descriptor import read_secret
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import SELF_SERVICE
from smsotpd.dbus.steps import encoded_steps

_ENROL = "org.smsotp1.self.enrol"
_ROOT = "root"
_LONGEST_LOCALE = 64


def self_methods(service: SelfService, users: Users, accounts: Accounts) -> tuple[Method, ...]:
    """Return the methods of the interface."""

    async def status(call: Call) -> Sequence[object]:
        return [encoded_user(users.show(await _user_of(call.caller, accounts)))]

    async def begin(call: Call, kind: str, channel: str, address: str) -> Sequence[object]:
        user, caller = await _user_of(call.caller, accounts), call.caller
        wish = service.read_wish(caller.name, kind, channel, address)
        caller.require_presence()
        return [encoded_steps(await service.begin(user, caller.require_uid(), caller.name, wish))]

    async def enrol(call: Call) -> Sequence[object]:
        channel, address = (str(argument) for argument in call.body)
        return await begin(call, Kind.ENROL, channel, address)

    async def change(call: Call) -> Sequence[object]:
        kind, channel, address = (str(argument) for argument in call.body)
        if kind == Kind.ENROL:
            raise NotAuthorizedError("enrolling is a method of its own, Enrol")
        return await begin(call, kind, channel, address)

    async def respond(call: Call) -> Sequence[object]:
        answer = (await read_secret(call, call.body[0])).reveal()
        if has_control_characters(answer):
            answer = ""
        return [encoded_steps(await service.respond(call.caller.name, answer))]

    async def cancel(call: Call) -> Sequence[object]:
        service.give_up(call.caller.name)
        return []

    async def set_locale(call: Call) -> Sequence[object]:
        locale = str(call.body[0])
        if len(locale) > _LONGEST_LOCALE or has_control_characters(locale):
            raise BadArgumentError("locale", "must be a locale, as de_DE.UTF-8")
        service.speak(call.caller.name, locale)
        return []

    kind, address = ("change", "s"), (("channel", "s"), ("address", "s"))
    steps = (("steps", "a(ss)"),)
    return (
        Method(SELF_SERVICE, "Status", (), (("details", "a{sv}"),), status),
        Method(SELF_SERVICE, "Enrol", address, steps, enrol, _ENROL),
        Method(SELF_SERVICE, "Change", (kind, *address), steps, change),
        Method(SELF_SERVICE, "Respond", (("answer", "h"),), steps, respond),
        Method(SELF_SERVICE, "Cancel", (), (), cancel),
        Method(SELF_SERVICE, "SetLocale", (("locale", "s"),), (), set_locale),
    )


async def _user_of(caller: Caller, accounts: Accounts) -> str:
    """Return the account of the caller's uid."""
    await learn_name(caller, accounts)
    user = _ROOT if caller.is_root else caller.user
    if not user:
        raise NotAuthorizedError("no account has your uid")
    return user
