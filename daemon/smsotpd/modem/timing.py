# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How long we wait for what; seconds, all of them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of one modem.

    Attributes:
        gap: between a result and the next command.
        result: from handing a message over to its result; manuals say up to 3 minutes.
        sim: for a SIM that says it is busy, after power-up or after its PIN.
        register: for the network, after power-up.
        smsc: for the SIM to tell its service centre, after power-up.
        poll: between two questions while waiting for one of these.
        probe: between two looks at an idle modem.
        back_off: before the first new attempt after a failure; doubles to `back_off_most`.
        reset: least between two resets of a modem.
        restart: how long a modem may take to come back from a reset.
        help: how long a modem is lost before the administrator's own means are called for.
        help_pause: least between two such calls.
        doubt: how long a modem may keep a code without saying what became of it before another
            modem gets it, too; networks take 2 to 6.
    """

    wake: float = 2.0
    command: float = 5.0
    prompt: float = 10.0
    result: float = 180.0
    pin: float = 30.0
    sim: float = 30.0
    register: float = 60.0
    smsc: float = 30.0
    gap: float = 0.05
    poll: float = 1.0
    probe: float = 45.0
    back_off: float = 1.0
    back_off_most: float = 60.0
    reset: float = 600.0
    restart: float = 15.0
    help: float = 120.0
    help_pause: float = 1800.0
    doubt: float = 8.0


REAL: Final = Timing()
