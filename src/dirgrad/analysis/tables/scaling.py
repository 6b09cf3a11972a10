"""One row per problem, backend, optimizer and estimator: how the evaluations to a target grow with the dimension."""

import numpy as np
import pandas as pd

from dirgrad.analysis import intervals
from dirgrad.analysis.tables.summary import Records
from dirgrad.analysis.tables.targets import spent
from dirgrad.config.settings import Statistics

FAMILY = ["problem", "backend", "optimizer", "estimator", "target_loss"]
COLUMNS = [
    *FAMILY,
    "dimensions",
    "lowest_dimension",
    "highest_dimension",
    "n",
    "n_reached",
    "slope",
    "slope_low",
    "slope_high",
]
LEAST = 3
"""Dimensions that a line is fitted to."""


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """`slope` is the p of evaluations ~ d^p, of the least-squares line through the logarithms; its interval resamples trials within
    each dimension. A family has one problem, optimizer, estimator and target in three dimensions or more; its slope is NaN where a
    trial did not reach the target (`n_reached` of `n`)."""
    found = spent(records)
    if found.empty:
        return pd.DataFrame(columns=COLUMNS)
    families = found.groupby(FAMILY, sort=False)
    rows = [dict(zip(FAMILY, key, strict=True)) | _row(group, settings) for key, group in families]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table[table["dimensions"] >= LEAST].reset_index(drop=True)


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, float]:
    by_dimension = {
        d: rows["evaluations_to_target"].to_numpy() for d, rows in group.groupby("dimension")
    }
    dimensions, reached = (
        np.array([*by_dimension]),
        int(group["evaluations_to_target"].notna().sum()),
    )
    row = {
        "dimensions": len(dimensions),
        "lowest_dimension": dimensions[0],
        "highest_dimension": dimensions[-1],
    }
    row |= {"n": len(group), "n_reached": reached}
    if reached < len(group) or len(dimensions) < LEAST or min(map(len, by_dimension.values())) < 2:
        return row
    found = intervals.slope(dimensions, [*by_dimension.values()], settings)
    return row | dict(zip(("slope", "slope_low", "slope_high"), map(float, found), strict=True))
