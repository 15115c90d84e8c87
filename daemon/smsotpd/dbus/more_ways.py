# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.Admin: authenticators, recovery codes and break-glass codes.

These replies hold secrets, each once, for the user who is to have them. Only root and the caller
see the messages of a connection on the system bus.
"""

from collections.abc import Sequence

from dbus_next import Variant

from smsotpd.core.authenticators import Authenticators
from smsotpd.core.break_glass import BreakGlasses
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.recovery import RecoveryCodes
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

_WRITE = "org.smsotp1.user.write"


def way_methods(
    authenticators: Authenticators, recovery: RecoveryCodes, glasses: BreakGlasses
) -> tuple[Method, ...]:
    """Return the methods that give users more than the codes that are sent."""

    async def add(call: Call) -> Sequence[object]:
        uid = call.caller.require_uid()
        offer = authenticators.add(_string(call, 0), _number(call, 1), uid)
        encoded = {"authenticator": offer.name, "uri": offer.uri, "seed": offer.seed}
        return [{key: Variant("s", value) for key, value in encoded.items()}]

    async def confirm(call: Call) -> Sequence[object]:
        authenticators.confirm(_string(call, 0), _string(call, 1))
        return []

    async def remove(call: Call) -> Sequence[object]:
        authenticators.remove(_string(call, 0), call.caller.require_uid())
        return []

    async def renew(call: Call) -> Sequence[object]:
        codes = await recovery.renew(_string(call, 0), call.caller.require_uid())
        return [list(codes)]

    async def break_glass(call: Call) -> Sequence[object]:
        uid = call.caller.require_uid()
        return [await glasses.make(_string(call, 0), _number(call, 1), _string(call, 2), uid)]

    user, name, code = ("user", "s"), ("authenticator", "s"), ("code", "s")
    offered = (("offer", "a{sv}"),)
    asked = (user, ("seconds", "u"), ("reason", "s"))
    codes = (("codes", "as"),)
    return (
        Method(ADMIN, "AddAuthenticator", (user, ("digits", "u")), offered, add, _WRITE),
        Method(ADMIN, "ConfirmAuthenticator", (name, code), (), confirm, _WRITE),
        Method(ADMIN, "RemoveAuthenticator", (user,), (), remove, _WRITE),
        Method(ADMIN, "RenewRecoveryCodes", (user,), codes, renew, _WRITE),
        # No action: polkit could grant it, and this is for root alone.
        Method(ADMIN, "BreakGlass", asked, (code,), break_glass),
    )


def _string(call: Call, index: int) -> str:
    return str(call.body[index])


def _number(call: Call, index: int) -> int:
    value = call.body[index]
    if not isinstance(value, int):
        raise BadArgumentError("number", "is none")
    return value
