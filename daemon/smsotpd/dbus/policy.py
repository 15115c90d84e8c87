# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The methods of org.smsotp1.Admin about policies: decode, call the use case, encode."""

from collections.abc import Sequence

from dbus_next import Variant

from smsotpd.core.admission import Admission
from smsotpd.core.users import Users
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

_READ_USERS = "org.smsotp1.user.read"
_WRITE_USERS = "org.smsotp1.user.write"


def policy_methods(admission: Admission, users: Users) -> tuple[Method, ...]:
    """Return the methods that explain policies, and the one that forgets remembered hosts."""

    async def explain(call: Call) -> Sequence[object]:
        user, service, rhost = (str(argument) for argument in call.body)
        found = await admission.explain(user, service, rhost)
        checks = [[check.key, check.finding, source] for check, source in found.checks]
        explanation = {
            "checks": Variant("a(sss)", checks),
            "treatment": Variant("s", found.treatment.name.lower().replace("_", "-")),
            "result": Variant("s", found.treatment.value),
            "mode": Variant("s", found.mode.value),
            "codes": Variant("as", list(found.codes)),
            "first": Variant("s", found.first),
            "at_hand": Variant("as", list(found.at_hand)),
        }
        return [explanation]

    async def forget(call: Call) -> Sequence[object]:
        return [users.forget_hosts(str(call.body[0]), call.caller.require_uid())]

    user = ("user", "s")
    login = (user, ("service", "s"), ("rhost", "s"))
    explained, forgotten = (("explanation", "a{sv}"),), (("hosts", "u"),)
    return (
        Method(ADMIN, "ExplainPolicy", login, explained, explain, _READ_USERS),
        Method(ADMIN, "ForgetHosts", (user,), forgotten, forget, _WRITE_USERS),
    )
