# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What classes of events are called: in configurations and in the journal."""

import hashlib
import re
import typing

from smsotpd.core.events import Event

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def kind_of(event_class: type[Event]) -> str:
    """Return the name of a class of events in configurations, as `login-granted`."""
    return _CAPITAL.sub("-", event_class.__name__).lower()


def message_id(event_class: type[Event]) -> str:
    """Return the 128-bit id of a class of events in the journal, in hexadecimal."""
    return hashlib.sha256(f"org.smsotp1.{event_class.__name__}".encode()).hexdigest()[:32]


ALL_KINDS = {kind_of(event_class): event_class for event_class in typing.get_args(Event)}
