"""Values of Baydin et al. 2022 and our measurements of the same quantities."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dirgrad.report.figures import panels, style

TABLES = ("baydin",)
FIGURES = {"paper_beside_ours": ()}
CATEGORY = "baydin"
TITLE = "The paper beside our measurements"
CAPTION = """
Every value of the paper that has a counterpart here, with the same number of parameters and the
same learning rate. The paper's value lies at 1. A bar is the range in which our mean lies, because
a curve is recorded at some steps only; an arrow is a lower bound, since some seeds missed the loss.
Gradients and losses do not depend on the machine, ratios of times do.
"""
ALT = "A row per quantity: our value divided by the paper's, a point per framework."

NAMES = {
    "seconds_forward_over_backprop": "training time, forward gradient / backprop",
    "T_f_over_T_b": r"$T_f / T_b$",
    "R_f": r"$R_f$",
    "R_b": r"$R_b$",
    "backprop_final_loss": "final loss, backprop",
    "backprop_final_valid_loss": "final loss, backprop",
    "forward_final_valid_loss": "final loss, forward gradient",
    "gradient_0": "first component of the gradient",
    "gradient_1": "second component of the gradient",
}
"""Words for the quantities that the paper states, in the order of the rows."""
TIMES = ("seconds_forward_over_backprop", "T_f_over_T_b", "R_f", "R_b")
SUBJECT = ["problem", "learning_rate", "quantity"]
SHIFTS = {"jax": -0.16, "torch": 0.16}
"""Distance of the points of a framework from the middle of their row."""


def draw(tables: style.Tables) -> Figure:
    """Draw one panel with a row per quantity and a point per framework."""
    baydin = _with_paper(tables["baydin"])
    subjects = _subjects(baydin)
    styles = style.line_styles(style.BACKENDS)
    height = 0.8 + 0.24 * max(len(subjects), 1)
    figure, ((axes,),) = panels.new_figure(1, 1, width=7.5, height=height)
    axes.axvline(1, color="0.5", linewidth=0.8)
    for backend, line in styles.items():
        rows = baydin[baydin["backend"] == backend]
        if len(rows):
            _points(axes, rows, subjects, line, SHIFTS[backend], style.BACKENDS[backend])
    _name_rows(axes, baydin, subjects)
    style.whole_ticks(axes.xaxis)
    return panels.finish(
        figure,
        baydin,
        _finding(baydin),
        "inter-quartile mean of n = {n} seeds or rounds; bar: its {interval}, or the range between "
        "record points; arrow: lower bound",
        legend=2,
    )


def _with_paper(baydin: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a value of the paper, in the order of `NAMES`."""
    if baydin.empty:
        return baydin.assign(paper_value=np.nan, backend="", n=0)
    rows = baydin[baydin["paper_value"].notna() & baydin["quantity"].isin(NAMES)]
    order = rows["quantity"].map([*NAMES].index)
    return rows.assign(order=order).sort_values(["order", "problem"], kind="stable")


def _subjects(baydin: pd.DataFrame) -> list[tuple[str, float, str]]:
    if baydin.empty:
        return []
    rows = baydin[SUBJECT].fillna({"learning_rate": 0.0}).drop_duplicates()
    return list(rows.itertuples(index=False, name=None))


def _points(
    axes: Axes,
    rows: pd.DataFrame,
    subjects: list[tuple[str, float, str]],
    line: style.LineStyle,
    shift: float,
    name: str,
) -> None:
    """Draw the ratios of one framework; a ratio without an upper end is an arrow."""
    keys = rows[SUBJECT].fillna({"learning_rate": 0.0}).itertuples(index=False, name=None)
    y = np.array([subjects.index(key) for key in keys]) + shift
    value = rows["ratio_to_paper"].to_numpy(float)
    low = _end(rows, ("ratio_to_paper_low", "ratio_to_paper_from"), value)
    high = _end(rows, ("ratio_to_paper_high", "ratio_to_paper_to"), value)
    bounded, has_value = np.isfinite(high), np.isfinite(value)
    axes.hlines(y[bounded], 1, low[bounded], color="0.75", linewidth=0.9, zorder=0)
    axes.hlines(y[bounded], low[bounded], high[bounded], color=line["color"], linewidth=2.2)
    marker = style.marker_style(line) | {"markersize": 4.5}
    axes.plot(value[has_value], y[has_value], label=name, **marker)
    arrow = marker | {"marker": ">", "markersize": 6}
    axes.plot(low[~bounded], y[~bounded], **arrow)


def _end(rows: pd.DataFrame, columns: tuple[str, ...], value: np.ndarray) -> np.ndarray:
    """Return the first of these columns that has a value, row by row, and else the value."""
    end = pd.Series(np.nan, index=rows.index)
    for column in columns:
        if column in rows:
            end = end.fillna(rows[column].astype(float))
    return end.fillna(pd.Series(value, index=rows.index)).to_numpy()


def _name_rows(axes: Axes, baydin: pd.DataFrame, subjects: list[tuple[str, float, str]]) -> None:
    """Write the problem, the rate, the quantity and the paper's value of each row."""
    names = []
    for problem, rate, quantity in subjects:
        of_row = (baydin["problem"] == problem) & (baydin["quantity"] == quantity)
        if rate:
            of_row &= baydin["learning_rate"] == rate
        rate_text = f", rate {rate:g}" if rate else ""
        paper = baydin.loc[of_row, "paper_value"].iloc[0]
        names.append(f"{style.label(problem)}{rate_text}: {NAMES[quantity]} (paper {paper:.3g})")
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(ylim=(max(len(names), 1) - 0.4, -0.6), xscale="log", xlabel="our value / the paper's")


def _finding(baydin: pd.DataFrame) -> str:
    """Return the ranges of our values over the paper's, for times and for all else."""
    is_time = baydin["quantity"].isin(TIMES)
    texts = []
    for name, rows in (("gradients and losses", baydin[~is_time]), ("times", baydin[is_time])):
        if rows.empty:
            continue
        value = rows["ratio_to_paper"].to_numpy(float)
        low = _end(rows, ("ratio_to_paper_from",), value)
        high = _end(rows, ("ratio_to_paper_to",), value)
        most = style.number(np.nanmax(high)) if np.isfinite(high).any() else "unknown"
        missed = int(np.isnan(high).sum())
        more = f" ({missed} not reached)" if missed else ""
        texts.append(f"{name} {style.number(np.nanmin(low))} to {most} times the paper's{more}")
    text = ", ".join(texts)
    return f"Measured here: {text}" if text else "No value of the paper has a counterpart here"
