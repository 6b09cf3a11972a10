"""Largest stable learning rates against the number of parameters."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("stability",)
FIGURES = {"frye_rate": ("stability/growth",)}
ONE_FRAMEWORK = True
CATEGORY = "frye"
TITLE = "Largest stable learning rate"
CAPTION = """
The stability threshold lies within each bar, between two rates of the grid. The closed form
is the condition of mean-square contraction on a quadratic.
"""
ALT = "Bars and lines of theory per estimator: stable learning rate against parameters."


def draw(tables: style.Tables, name: str) -> Figure:
    """Draw a panel per kind of problem, of one framework."""
    backend = style.first_framework(tables["stability"])
    selection = "stability == @name and backend == @backend"
    stability = tables["stability"].query(selection).sort_values("dimension")
    styles = style.line_styles(stability["estimator"].unique())
    figure, grid = panels.facets(stability, None, "problem_kind", height=2.8)
    for axes, rows, _, kind, _ in grid:
        for i, (part, line, estimator) in enumerate(style.parts(rows, styles)):
            _threshold(axes, part, estimator, line, shift=1.12 ** (i - 1.5))
        axes.set(title=style.label(kind), ylabel="learning rate")
        axes.set_xlabel("parameters d (points shifted apart)")
        axes.set(xscale="log", yscale="log")
    if grid:
        figure.axes[0].legend(fontsize=7)
    return panels.finish(
        figure,
        stability,
        _finding(stability),
        "{backend}; largest rate of the grid at which n = {n_seeds} of {n_seeds} trials of {steps} "
        "steps were stable",
        "bar: interval to the next rate of the grid, which was unstable; line: closed form",
        backend=style.BACKENDS.get(backend, ""),
    )


def _threshold(
    axes: Axes, rows: pd.DataFrame, name: str, line: style.LineStyle, shift: float
) -> None:
    stable = rows[rows["stable_rate"].notna()]
    above = (stable["unstable_rate"] - stable["stable_rate"]).fillna(0)
    shape = style.marker_style(line) | {"markersize": 4, "capsize": 2}
    # Estimators with equal rates would hide each other.
    x, errors = stable["dimension"] * shift, [0 * above, above]
    axes.errorbar(x, stable["stable_rate"], yerr=errors, label=name, **shape)
    if rows["stable_rate_theory"].notna().any():
        axes.plot(rows["dimension"], rows["stable_rate_theory"], **style.thin_line(line))


def _finding(stability: pd.DataFrame) -> str:
    """Return how much smaller the rate of the forward gradient is at the largest dimensions."""
    texts = []
    for kind, rows in stability.groupby("problem_kind", sort=False):
        d = rows["dimension"].max()
        widest = rows[rows["dimension"] == d].set_index("estimator")["stable_rate"]
        ends = widest.reindex(["backprop", "forward_gradient"]).to_numpy(float)
        if np.isfinite(ends).all():
            ratio = style.number(ends[0] / ends[1])
            texts.append(f"{style.label(str(kind))}, d = {d:,}: {ratio} times")
    if not texts:
        return "Largest stable rates"
    return f"Backprop's largest stable rate over the forward gradient's: {'; '.join(texts)}"
