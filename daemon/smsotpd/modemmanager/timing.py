# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How long we wait for what; seconds, all of them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of one modem in ModemManager.

    Attributes:
        create: for ModemManager to take a message over; polkit is asked then.
        send: for the result of a send; ModemManager itself gives the network up to 180 s.
        watch: between two looks at a message that is being sent.
        enable: for a modem to be enabled.
        register: for a modem that is being prepared, or looks for its network.
        poll: between two looks while waiting for that.
        probe: between two looks at an idle modem.
        doubt: of no use here: a gateway has one modem.
        retry: before a message that the modem was too busy for is tried again.
        back_off: before the first new attempt after a failure; doubles to `back_off_most`.
    """

    create: float = 10.0
    send: float = 200.0
    watch: float = 2.0
    enable: float = 60.0
    register: float = 30.0
    poll: float = 1.0
    probe: float = 10.0
    doubt: float = 10.0
    retry: float = 1.0
    back_off: float = 1.0
    back_off_most: float = 15.0


REAL: Final = Timing()
