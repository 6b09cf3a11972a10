"""Table `scaling`: growth of the evaluations to a target with the dimension of the problem."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis import intervals
from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import Records
from dirgrad.analysis.tables.targets import trials_to_target
from dirgrad.config.settings import Statistics

RECORDS = ("trials", "curves")
READABLE = True
CAPTION = """
Growth of the loss evaluations to a target with the dimension, as a power of the dimension, where
every trial reached the target.
"""

FAMILY_KEYS = ["problem", "backend", "optimizer", "estimator", "target_loss"]
"""Columns that experiments share if they differ only in the dimension."""
SLOPE = ("slope", "slope_low", "slope_high")
COLUMNS = [
    *FAMILY_KEYS,
    "dimensions",
    "lowest_dimension",
    "highest_dimension",
    "n",
    "n_reached",
    *SLOPE,
]
MIN_DIMENSIONS = 3
"""Minimum number of dimensions to which a line is fitted."""
COLUMN_ROLES = ColumnRoles(
    facets=("problem", "backend", "optimizer", "estimator"),
    keys=("target_loss",),
    plain=tuple(name for name in COLUMNS if name not in SLOPE),
    sampled=("slope",),
    folders={"problem": "problems"},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend, optimizer, estimator and target.

    `slope` is the exponent p of evaluations ~ d^p: the slope of the least-squares line through
    the logarithms of dimension and evaluations. Its interval resamples the trials within each
    dimension. A row needs at least three dimensions.

    The slope is NaN unless all trials reached the target (`n_reached` equals `n`) and every
    dimension has at least two trials.
    """
    trials = trials_to_target(records)
    if trials.empty:
        return pd.DataFrame(columns=COLUMNS)
    groups = trials.groupby(FAMILY_KEYS, sort=False)
    rows = []
    for key, group in groups:
        row = dict(zip(FAMILY_KEYS, key, strict=True))
        rows.append(row | _row(group, settings))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table[table["dimensions"] >= MIN_DIMENSIONS].reset_index(drop=True)


def _row(trials: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    samples: dict[Any, np.ndarray] = {
        d: group["evaluations_to_target_to"].to_numpy() for d, group in trials.groupby("dimension")
    }
    dimensions = np.array([*samples])
    row = {
        "dimensions": len(dimensions),
        "lowest_dimension": dimensions[0],
        "highest_dimension": dimensions[-1],
        "n": len(trials),
        "n_reached": int(np.isfinite(trials["evaluations_to_target_to"]).sum()),
    }
    enough = len(samples) >= MIN_DIMENSIONS and min(map(len, samples.values())) >= 2
    if enough and row["n_reached"] == row["n"]:
        slope = intervals.slope(dimensions, [*samples.values()], settings)
        row |= dict(zip(SLOPE, map(float, slope), strict=True))
    return row
