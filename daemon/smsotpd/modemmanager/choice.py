# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which of ModemManager's modems a gateway means."""

from collections.abc import Sequence
from typing import Final

from smsotpd.modem.errors import LineError
from smsotpd.modemmanager.facts import Facts

ANY: Final = "any"


def choose(wanted: str, modems: Sequence[Facts]) -> Facts:
    """Return the modem that a setting names; of several for `any`, the first that is ready.

    The number at the end of a modem's object path changes with each replug, so it names none.

    Raises:
        LineError: there is no such modem.
    """
    if wanted != ANY:
        modems = [modem for modem in modems if wanted in modem.identities]
    if not modems:
        what = "no modem" if wanted == ANY else "no modem of that name (see MODEM)"
        raise LineError(f"ModemManager knows {what}; see: mmcli -L")
    return min(modems, key=lambda modem: (not modem.is_ready, not modem.sends_messages, modem.path))
