# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between us and a modem; no text holds a number, a PIN or a message.

ModemError
├── LineError            the port cannot be opened, is taken, or is gone
├── SilenceError         no final result code in time
│   └── NoiseError       and what came instead is no text
├── CommandError         `ERROR` without a number
│   ├── CmeError         a failure of modem or SIM (3GPP TS 27.007, 9.2)
│   └── CmsError         a failure of the message service (3GPP TS 27.005, 3.2.5)
├── HandedOverError      nobody knows whether the network has the message
├── WithdrawnError       whoever wanted the message sent gave up before it was handed over
└── NotReadyError        modem, SIM or network are in no state to send
"""

from smsotpd.core.outcome import ErrorClass


class ModemError(Exception):
    """Root of all errors of the attached modem; its text may be shown and journalled."""


class LineError(ModemError):
    """The port cannot be opened, is taken, or is gone."""


class SilenceError(ModemError):
    """No final result code came in time."""

    def __init__(self, text: str = "the modem does not answer") -> None:
        super().__init__(text)


class NoiseError(SilenceError):
    """What the modem says is no text, as at a wrong speed."""

    def __init__(self) -> None:
        super().__init__("what the modem says cannot be read: mind SPEED")


class CommandError(ModemError):
    """The modem refuses a command without saying why."""

    def __init__(self, text: str = "the modem refuses a command (ERROR)") -> None:
        super().__init__(text)


class CmeError(CommandError):
    """A failure of modem or SIM; `code` is -1 where the modem used words we do not know."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CME {code}")
        self.code = code


class CmsError(CommandError):
    """A failure of the message service; `code` as in CmeError."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CMS {code}")
        self.code = code


class HandedOverError(ModemError):
    """The message was written to the modem, and then the answer stayed away."""


class WithdrawnError(ModemError):
    """Whoever wanted the message sent gave up before it was handed over."""


class NotReadyError(ModemError):
    """Modem, SIM or network are in no state to send; the text says what to do."""

    def __init__(self, text: str, error_class: ErrorClass = ErrorClass.TEMPORARY) -> None:
        super().__init__(text)
        self.error_class = error_class
