# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The journal itself."""

import syslog
from collections.abc import Mapping

from systemd import journal

from smsotpd.core.events import Event
from smsotpd.journal.catalogue import fields_of


class SystemdJournal:
    """Send events to systemd's journal; the port `Journal`."""

    def record(self, event: Event) -> None:
        """Send one event; a journal that cannot be reached must not stop a login."""
        self.send(fields_of(event))

    def note(self, message: str, priority: int = syslog.LOG_INFO) -> None:
        """Send one line about the daemon itself, such as that it is ready."""
        self.send({"MESSAGE": message, "PRIORITY": str(priority)})

    def send(self, fields: Mapping[str, str]) -> None:
        """Send raw fields under the daemon's own identifier."""
        message, rest = fields["MESSAGE"], {k: v for k, v in fields.items() if k != "MESSAGE"}
        try:
            journal.send(message, SYSLOG_IDENTIFIER="smsotpd", **rest)
        except OSError:
            syslog.syslog(syslog.LOG_AUTHPRIV | syslog.LOG_ERR, message)
