# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Draw each figure that has an aim as a bar of how much of the aim it uses up."""

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing

from bench.figures import Figure

_GOOD, _BAD = "#3b7a57", "#b3402e"
_WIDEST = 2.0


def write_plot(path: Path, figures: Sequence[Figure]) -> None:
    """Write an SVG; a bar that ends left of the line meets its aim."""
    aimed = [figure for figure in figures if figure.is_met is not None and _share(figure) >= 0]
    drawing = Drawing(figsize=(9, 0.8 + 0.34 * len(aimed)), layout="constrained")
    axes = drawing.subplots()
    names = [f"{figure.subject}: {figure.name}" for figure in aimed]
    shares = [min(_share(figure), _WIDEST) for figure in aimed]
    colours = [_GOOD if figure.is_met else _BAD for figure in aimed]
    bars = axes.barh(names, shares, color=colours, height=0.62)
    values = [f" {figure.value:.3g} {figure.unit} ({figure.aim})" for figure in aimed]
    axes.bar_label(bars, values, fontsize=7)
    axes.axvline(1.0, color="black", linewidth=0.9)
    axes.set_xlim(0, _WIDEST)
    axes.set_xlabel("share of the aim that is used up; 1 is the aim")
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    # The same figures give the same file.
    with rc_context({"svg.hashsalt": "pam-smsotp", "svg.fonttype": "none"}):
        drawn = io.StringIO()
        drawing.savefig(drawn, format="svg", metadata={"Date": None})
    # matplotlib leaves blanks at the ends of lines, which no file here has.
    lines = [line.rstrip() for line in drawn.getvalue().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def _share(figure: Figure) -> float:
    if figure.at_most is not None:
        return figure.value / figure.at_most if figure.at_most else figure.value
    if figure.at_least is not None and figure.value:
        return figure.at_least / figure.value
    return -1.0
