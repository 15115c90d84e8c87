# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What ModemManager calls things on the bus (its interface specification, 1.20)."""

from typing import Final

SERVICE: Final = "org.freedesktop.ModemManager1"
ROOT: Final = "/org/freedesktop/ModemManager1"
MODEM: Final = f"{SERVICE}.Modem"
MODEM_3GPP: Final = f"{MODEM}.Modem3gpp"
MESSAGING: Final = f"{MODEM}.Messaging"
SMS: Final = f"{SERVICE}.Sms"

# MMModemState
FAILED: Final = -1
INITIALIZING: Final = 1
LOCKED: Final = 2
DISABLED: Final = 3
DISABLING: Final = 4
ENABLING: Final = 5
ENABLED: Final = 6
REGISTERED: Final = 8

# MMSmsState, MMSmsPduType, MMSmsValidityType
SENT: Final = 5
STATUS_REPORT: Final = 3
RELATIVE: Final = 1
