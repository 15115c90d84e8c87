# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One method of the contract: its signature, and the function that translates a call."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from smsotpd.dbus.caller import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """One method call as it came in.

    Attributes:
        body: arguments, of the method's signature.
        descriptors: file descriptors of the message; whoever dispatches closes them.
    """

    caller: Caller
    body: Sequence[object] = field(repr=False)
    descriptors: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A method the daemon offers.

    Attributes:
        takes, returns: pairs of argument name and D-Bus type.
        action: polkit action that callers other than root need; empty if the method decides.
    """

    interface: str
    member: str
    takes: tuple[tuple[str, str], ...]
    returns: tuple[tuple[str, str], ...]
    answer: Callable[[Call], Awaitable[Sequence[object]]]
    action: str = ""

    @property
    def signature(self) -> str:
        """Return the signature of the arguments."""
        return "".join(signature for _name, signature in self.takes)

    @property
    def reply_signature(self) -> str:
        """Return the signature of the reply."""
        return "".join(signature for _name, signature in self.returns)
