# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Measure everything in one run, and write table, figures and plot: `make bench`.

    PYTHONPATH=daemon python -m bench [--only SUBJECT] [--output DIRECTORY] [--keep]

Each subject is a module with a `measure()` of its own, and runs alone. With --keep, the table and
the plot also take their places in docs/performance.md.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from bench import profile
from bench.figures import Figure, machine, table, write_json
from bench.plot import write_plot
from tests.testhost import requirements

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/performance.md"
# In this order; each module says what it measures.
SUBJECTS = ("terminal", "logins", "size", "growth", "isolation", "modem", "enrolment")


def measure(subjects: Sequence[str]) -> tuple[dict[str, list[Figure]], list[str]]:
    """Run the subjects, telling which is at work.

    Returns:
        The figures of each, and the subjects that failed: they take nothing from the others.
    """
    figures, failed = {}, []
    for subject in subjects:
        print(f"bench: {subject} …", file=sys.stderr, flush=True)
        try:
            figures[subject] = importlib.import_module(f"bench.{subject}").measure()
        except (Exception, SystemExit):  # noqa: BLE001  # whatever it is, the others' results stay
            traceback.print_exc()
            failed.append(subject)
    return figures, failed


def report(figures: dict[str, list[Figure]]) -> str:
    """Return the machine and one table for each subject."""
    described = ", ".join(f"{key} {value}" for key, value in machine().items())
    parts = [f"Measured on: {described}."]
    parts += [f"### {subject.capitalize()}\n\n{table(rows)}" for subject, rows in figures.items()]
    return "\n\n".join(parts) + "\n"


def keep(places: dict[str, str]) -> None:
    """Put texts into the page, each between the comments that hold its place."""
    page = PAGE.read_text()
    for name, text in places.items():
        before, _, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        if not end:
            raise SystemExit(f"bench: {PAGE.name} has no place for the {name}")
        page = f"{before}<!-- {name} -->\n{text}{end}{after}"
    PAGE.write_text(page)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure everything.")
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="one subject; repeatable")
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench", help="for the results")
    parser.add_argument("--keep", action="store_true", help="renew docs/performance.md, too")
    arguments = parser.parse_args()
    if missing := requirements.missing():
        raise SystemExit(f"bench: {missing}")
    figures, failed = measure(arguments.only or SUBJECTS)
    rows = [figure for subject in figures.values() for figure in subject]
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_json(arguments.output / "figures.json", rows)
    write_plot(arguments.output / "figures.svg", rows)
    text = report(figures)
    (arguments.output / "figures.md").write_text(text)
    print(text)
    if arguments.keep and not failed:
        keep({"figures": text, "profile": profile.report()})
        write_plot(ROOT / "docs/images/performance.svg", rows)
    if missed := [figure.name for figure in rows if figure.is_met is False]:
        print(f"bench: {len(missed)} aims missed: {'; '.join(missed)}", file=sys.stderr)
    if failed:
        raise SystemExit(f"bench: not measured: {', '.join(failed)}; see above")


if __name__ == "__main__":
    main()
