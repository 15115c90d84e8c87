# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The gateway type `modemmanager`, as core's port `GatewayCatalogue` wants it."""

from smsotpd.modem.catalogue import CarrierCatalogue
from smsotpd.modemmanager.marks import Marks
from smsotpd.modemmanager.settings import TYPE, parse
from smsotpd.modemmanager.timing import REAL, Timing
from smsotpd.modemmanager.worker import ManagedModem


class ManagedCatalogue(CarrierCatalogue):
    """The gateway type `modemmanager`."""

    def __init__(self, marks: Marks, timing: Timing = REAL) -> None:
        super().__init__(
            TYPE, parse, lambda definition: [ManagedModem(parse(definition), marks, timing)]
        )
