# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The methods of org.smsotp1.Admin about invitations; one reply holds one, this once."""

from collections.abc import Sequence

from dbus_next import Variant

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.invitations import Invitations
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

_READ_USERS = "org.smsotp1.user.read"
_WRITE_USERS = "org.smsotp1.user.write"


def invitation_methods(invitations: Invitations) -> tuple[Method, ...]:
    """Return the methods that invite users to enrol themselves."""

    async def invite(call: Call) -> Sequence[object]:
        user, seconds = call.body
        if not isinstance(seconds, int):
            raise BadArgumentError("time", "is none")
        return [await invitations.make(str(user), seconds, call.caller.require_uid())]

    async def revoke(call: Call) -> Sequence[object]:
        invitations.revoke(str(call.body[0]), call.caller.require_uid())
        return []

    async def listed(_call: Call) -> Sequence[object]:
        return [
            [
                {
                    "user": Variant("s", each.user),
                    "by_uid": Variant("u", each.by_uid),
                    "until": Variant("t", int(each.made.wall + each.lifetime)),
                }
                for each in invitations.out()
            ]
        ]

    user = ("user", "s")
    invited, all_out = (("invitation", "s"),), (("invitations", "aa{sv}"),)
    return (
        Method(ADMIN, "InviteUser", (user, ("seconds", "u")), invited, invite, _WRITE_USERS),
        Method(ADMIN, "RevokeInvitation", (user,), (), revoke, _WRITE_USERS),
        Method(ADMIN, "ListInvitations", (), all_out, listed, _READ_USERS),
    )
