# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.Admin.ImportUsers: many enrolments behind one descriptor."""

import json
from collections.abc import Sequence

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.importing import Imports, Wish
from smsotpd.core.secret import Secret
from smsotpd.dbus.descriptor import read_secret
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

_KEYS = frozenset({"user", "addresses", "pin"})


def import_method(imports: Imports) -> Method:
    """Return the method that enrols many users."""

    async def answer(call: Call) -> Sequence[object]:
        descriptor, dry_run, without_pin = call.body
        wishes = _wishes(await read_secret(call, descriptor))
        answers = await imports.enrol(
            wishes,
            call.caller.require_uid(),
            dry_run=bool(dry_run),
            without_pin=bool(without_pin),
        )
        return [[[each.user, each.verdict.value, each.reason] for each in answers]]

    takes = (("users", "h"), ("dry_run", "b"), ("without_pin", "b"))
    returns = (("answers", "a(sss)"),)
    return Method(ADMIN, "ImportUsers", takes, returns, answer, "org.smsotp1.user.write")


def _wishes(given: Secret) -> list[Wish]:
    try:
        entries = json.loads(given.reveal())
    except (ValueError, RecursionError):
        # Not chained: the parser's error holds the whole text.
        raise _malformed() from None
    if not isinstance(entries, list):
        raise _malformed()
    return [_wish(entry) for entry in entries]


def _wish(entry: object) -> Wish:
    if not isinstance(entry, dict) or not entry.keys() <= _KEYS:
        raise _malformed()
    user, pin, addresses = entry.get("user"), entry.get("pin", ""), entry.get("addresses", {})
    texts = (user, pin, *addresses.values()) if isinstance(addresses, dict) else ()
    if not texts or not all(isinstance(each, str) for each in texts):
        raise _malformed()
    return Wish(str(user), addresses, Secret(str(pin)))


def _malformed() -> BadArgumentError:
    return BadArgumentError("users", "are not a JSON array as the contract has it")
