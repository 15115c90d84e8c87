# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A measured figure, with the aim it is held against, and the machine it was measured on."""

import json
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One result.

    Attributes:
        subject: which measurement it belongs to, as `daemon`.
        name: what was measured.
        value: the median, or whatever the name says.
        unit: of the value; `x` for a ratio.
        at_most, at_least: the aim; None where there is none.
    """

    subject: str
    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Tell whether the aim is met; None where there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        if self.at_least is not None:
            return self.value >= self.at_least
        return None

    @property
    def aim(self) -> str:
        """Return the aim in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` (0 to 1) of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| what | figure | aim | met |", "|---|--:|---|---|"]
    words = {True: "yes", False: "**no**", None: ""}
    lines += [
        f"| {each.name} | {_shown(each.value)} {each.unit} | {each.aim} | {words[each.is_met]} |"
        for each in figures
    ]
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> dict[str, str]:
    """Describe this machine."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = Path("/proc/meminfo").read_text().split()[1]
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "memory": f"{int(memory) / 1024 / 1024:.0f} GiB",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", ""),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.2f}",
    }


def write_json(path: Path, figures: Sequence[Figure]) -> None:
    """Write the figures and the machine for programs."""
    rows = [asdict(figure) | {"met": figure.is_met} for figure in figures]
    path.write_text(json.dumps({"machine": machine(), "figures": rows}, indent=1) + "\n")
