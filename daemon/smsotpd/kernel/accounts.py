# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The accounts of this machine, through NSS: files, LDAP, or whatever nsswitch.conf names."""

import asyncio
import grp
import os
import pwd

_SECONDS = 2.0


class NssAccounts:
    """Look accounts up; the port `Accounts`."""

    async def groups(self, user: str) -> frozenset[str] | None:
        """Return the names of a user's groups; None if nobody knows the user in time.

        A directory server may hang, so the look-up has a thread of its own and a deadline; a login
        then takes the routes that are for everybody, and is exempt from nothing.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                return await asyncio.to_thread(_groups, user)
        except (TimeoutError, RuntimeError):  # no answer, or no thread to ask in
            return None


def _groups(user: str) -> frozenset[str] | None:
    try:
        account = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None
    names = set()
    for number in os.getgrouplist(user, account.pw_gid):
        try:
            names.add(grp.getgrgid(number).gr_name)
        except KeyError:
            continue  # a number without a name, as after a group was removed
    return frozenset(names)
