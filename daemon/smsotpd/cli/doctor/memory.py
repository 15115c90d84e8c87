# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine whether the PINs that may be hashed at once fit into the memory that the unit may use."""

from collections.abc import Iterator
from typing import Final

from smsotpd.cli.doctor.daemon import UNIT, unit_properties
from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.policy_values import pin_cost
from smsotpd.cli.host import Host

CHECK: Final = "memory"
_KIB: Final = 1024
_MIB: Final = 1024 * 1024
# At rest it takes 43 MiB (docs/performance.md); the rest is for a crowd and for what the kernel
# counts for it.
_OWN: Final = 96 * _MIB
_STEP: Final = 64 * _MIB
# What the unit may use beyond this share of the machine's memory would be swapped or lacking.
_SHARE: Final = 0.75
_CROWD: Final = (
    "{threads} PINs hashed at once take {needed} MiB with what the daemon itself needs, and it may "
    "use {room}: in a crowd of logins the kernel ends it, and all of them are denied."
)
_EACH: Final = (
    "The daemon may use {room} MiB, and hashing PINs takes {needed} with what it needs itself: the "
    "kernel ends it at a login, and all logins are denied."
)
_FEWER: Final = "set threads = {threads} in [pin], then: systemctl restart {unit}"
_FEWER_OR_MORE: Final = f"{_FEWER}; or let it use more:"
_CHEAPER: Final = (
    "give the machine more memory; or set threads = 1 and a smaller memory_kib in [pin], then: "
    "systemctl restart {unit}"
)


def memory_findings(host: Host) -> Iterator[Finding]:
    """Return whether the kernel would end the daemon while it hashes PINs."""
    if not host.has_systemd:
        return
    found, cost = unit_properties(host), pin_cost(host)
    one = cost.memory_kib * _KIB
    needed = _OWN + cost.threads * one
    own = _bytes(found.get("MemoryMax", ""))
    machine = _machine_memory(host)
    limits = [own, _bytes(found.get("EffectiveMemoryMax", "")), machine]
    room = min((limit for limit in limits if limit is not None), default=needed)
    if needed <= room:
        return
    fitting = max(0, room - _OWN) // one
    raised = -(-needed // _STEP) * _STEP
    # Raising the unit's own limit helps only where no other is tighter.
    may_raise = own == room and (machine is None or raised <= machine * _SHARE)
    yield Finding(
        CHECK,
        Severity.WARNING if fitting else Severity.ERROR,
        cost.where,
        (_CROWD if fitting else _EACH).format(
            threads=cost.threads, needed=_mib(needed), room=_mib(room)
        ),
        _remedy(fitting, may_raise=may_raise),
        (f"systemctl set-property {UNIT} MemoryMax={_mib(raised)}M",) if may_raise else (),
    )


def _remedy(fitting: int, *, may_raise: bool) -> str:
    if fitting:
        return (_FEWER_OR_MORE if may_raise else _FEWER).format(threads=fitting, unit=UNIT)
    return "" if may_raise else _CHEAPER.format(unit=UNIT)


def _bytes(text: str) -> int | None:
    """Return a limit as systemd prints it; None for none."""
    return int(text) if text.isdecimal() and int(text) < 2**63 else None


def _machine_memory(host: Host) -> int | None:
    try:
        lines = (host.places.root / "proc" / "meminfo").read_text().splitlines()
    except OSError:
        return None
    words = next((line.split() for line in lines if line.startswith("MemTotal:")), [])
    return int(words[1]) * _KIB if len(words) > 1 and words[1].isdecimal() else None


def _mib(size: int) -> int:
    return -(-size // _MIB)
