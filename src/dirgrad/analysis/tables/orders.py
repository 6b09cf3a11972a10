"""Table `orders`: powers of the step with which the error of a finite difference falls."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.significance import two_sided_student
from dirgrad.analysis.tables.blocks import BLOCKS, block_means
from dirgrad.analysis.tables.summary import (
    Records,
    scalars,
    summarize_groups,
    with_all_columns,
)
from dirgrad.config.settings import Statistics
from dirgrad.records.statuses import measured

RECORDS = ("draws",)
READABLE = True
CAPTION = """
Powers of the step with which the error of a finite difference along its direction falls, fitted
draw by draw, and the test of the fit.
"""

KEYS = [
    "quality",
    "problem",
    "problem_kind",
    "backend",
    "estimator",
    "estimator_kind",
    "direction",
    "dimension",
    "batch_size",
    "dtype",
    "after_steps",
]
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "estimator", "dtype"),
    keys=("batch_size", "after_steps", "quality"),
    plain=(*KEYS, "draws", "blocks", "steps", "eps_from", "eps_to", "lack_of_fit"),
    sampled=("order", "bend", "bias_order"),
    n="blocks",
)
LEAST_STEPS = 3
"""Smallest number of steps of a fit: with two of them a line has no residual."""
SAFE_FACTOR = 10.0
"""Smallest step of a fit over the step of the smallest error, below which rounding dominates."""


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend, data type and finite difference along one direction.

    A draw has the same direction at every step eps. So log(error) is fitted by a line in log(eps)
    draw by draw, and draws are independent of each other. If the root mean square error is smallest
    at a step that is not the smallest one, rounding dominates below it, and steps up to ten times
    this step are left out.

    draws, steps: numbers of draws and of steps that are fitted, from `eps_from` to `eps_to`.
    order: slope of the line, the mean over the draws of a block; an inter-quartile mean over
        `blocks` of consecutive draws, with a bootstrap interval.
    bend: change of the local slope from `eps_from` to `eps_to`, by a parabola through the same
        points. It is 0 for a power law.
    lack_of_fit: p-value of Student's t test that the mean bend over the draws is 0. With many draws
        it is small for a bend that is too small to matter, so read it with the size of `bend`.
    bias_order: slope for the bias along the gradient, <e - (g . v) v, g>, averaged over a block. A
        block whose bias changes its sign between steps is left out.
    """
    draws = measured(records["draws"]).rename(columns={"precision": "dtype"})
    draws = draws[(draws["difference_error"] > 0) & (draws["num_directions"] == 1)]
    rows = summarize_groups(draws, KEYS, lambda group: _row(group, settings))
    return with_all_columns([row for row in rows if "order" in row], COLUMN_ROLES)


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    errors = _by_step(group, "difference_error")
    errors = errors[_safe_steps(errors)].dropna()
    steps = errors.columns.to_numpy(float)
    if len(steps) < LEAST_STEPS or not len(errors):
        return {}
    order, bend = _line_and_bend(steps, errors.to_numpy(float))
    biases = _by_step(group, "difference_bias")[errors.columns].loc[errors.index]
    blocked = biases.apply(block_means)
    blocked = blocked[(blocked > 0).all(axis=1) | (blocked < 0).all(axis=1)].abs()
    bias_order, _ = _line_and_bend(steps, blocked.to_numpy(float))
    return {
        "draws": len(errors),
        "blocks": min(BLOCKS, len(errors)),
        "steps": len(steps),
        "eps_from": steps.min(),
        "eps_to": steps.max(),
        "lack_of_fit": _p_value(bend),
        **scalars("order", block_means(pd.Series(order)), settings),
        **scalars("bend", block_means(pd.Series(bend)), settings),
        **scalars("bias_order", pd.Series(bias_order, blocked.index), settings),
    }


def _safe_steps(errors: pd.DataFrame) -> list[float]:
    """Return the steps at which rounding does not dominate the error."""
    steps = errors.columns.to_numpy(float)
    mean_squares = (errors**2).mean().to_numpy(float)
    best = steps[mean_squares.argmin()]
    if best == steps.min():
        return list(steps)
    # The addend keeps the rounding of a step such as 1e-4 out of the comparison.
    return list(steps[steps > SAFE_FACTOR * best * (1 + 1e-9)])


def _by_step(group: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a column as a row per draw and a column per step."""
    return group.pivot(index=["minibatch", "draw"], columns="eps", values=name)


def _p_value(values: np.ndarray) -> float:
    """Return the two-sided p-value of Student's t test that the mean of n values is 0: (n,)."""
    if len(values) < 2:
        return np.nan
    # Values without spread differ by rounding.
    rounding = 1e-12
    standard_error = np.hypot(values.std(ddof=1) / np.sqrt(len(values)), rounding)
    return two_sided_student(values.mean() / standard_error, len(values))


def _line_and_bend(steps: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of lines through log(errors), and the change of slope of parabolas.

    Args:
        steps: (m,).
        errors: Positive numbers, (n, m).

    Returns:
        Two arrays (n,).
    """
    x = np.log(steps)
    x = x - x.mean()
    y = np.log(errors).T
    line = np.polynomial.polynomial.polyfit(x, y, 1)
    parabola = np.polynomial.polynomial.polyfit(x, y, 2)
    return line[1], 2 * parabola[2] * (x.max() - x.min())
