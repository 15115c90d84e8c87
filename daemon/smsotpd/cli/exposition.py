# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers in Prometheus' text format 0.0.4.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from smsotpd.core.metrics import FAMILIES, UP, Family, Kind, Sample

_IN_LABEL: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_IN_HELP: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})
_HISTOGRAM_PARTS: Final = ("_bucket", "_sum", "_count")

DOWN: Final = (Sample(UP, {}, 0.0),)


def exposition(samples: Iterable[Sample]) -> str:
    """Return the samples as text, each family's together; a family without samples is left out."""
    of_family: dict[str, list[Sample]] = {}
    for sample in samples:
        of_family.setdefault(_family_name(sample.name), []).append(sample)
    lines: list[str] = []
    for family in FAMILIES:
        if found := of_family.get(family.name):
            lines += _heading(family)
            lines += [_line(sample) for sample in found]
    return "".join(f"{line}\n" for line in lines)


def samples_of(value: object) -> Sequence[Sample]:
    """Return the samples of a Status reply.

    Raises:
        TypeError, ValueError: they are not as in the contract.
    """
    if not isinstance(value, list):
        raise TypeError("samples are a list")
    found = []
    for name, labels, number in value:
        if not isinstance(labels, Mapping):
            raise TypeError("labels are a dictionary")
        texts = {str(label): str(text) for label, text in labels.items()}
        found.append(Sample(str(name), texts, float(number)))
    return found


_HISTOGRAMS: Final = {family.name for family in FAMILIES if family.kind is Kind.HISTOGRAM}


def _family_name(name: str) -> str:
    for part in _HISTOGRAM_PARTS:
        if name.removesuffix(part) in _HISTOGRAMS:
            return name.removesuffix(part)
    return name


def _heading(family: Family) -> tuple[str, str]:
    text = family.help.translate(_IN_HELP)
    return f"# HELP {family.name} {text}", f"# TYPE {family.name} {family.kind.value}"


def _line(sample: Sample) -> str:
    labels = ",".join(
        f'{label}="{text.translate(_IN_LABEL)}"' for label, text in sample.labels.items()
    )
    named = f"{sample.name}{{{labels}}}" if labels else sample.name
    return f"{named} {_number(sample.value)}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
