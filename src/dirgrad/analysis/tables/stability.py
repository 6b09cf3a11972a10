"""Table `stability`: largest learning rate of the grid at which an estimator is stable."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import Records, summarize_groups
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("stability",)
READABLE = True
CAPTION = """
Largest stable learning rate of a grid for each estimator, and the next rate of the grid, which is
unstable.
"""

KEYS = [
    "stability",
    "problem",
    "problem_kind",
    "backend",
    "estimator",
    "estimator_kind",
    "direction",
    "num_directions",
    "dimension",
    "batch_size",
]
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "estimator"),
    keys=("batch_size", "stability"),
    plain=(*KEYS, "steps", "n_seeds", "stable_rate", "unstable_rate", "stable_rate_theory"),
    bounds={"stable_rate": ("stable_rate", "unstable_rate")},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend and estimator.

    An estimator is stable at a rate if every trial at this rate and at all lower rates of the
    grid is `ok` and ends at or below its initial loss.

    `stable_rate` is the largest such rate, and `unstable_rate` is the next rate of the grid.
    The threshold lies between them. Either is null if it is outside the grid.

    An estimator that is not supported has no row; its status is in the records.
    """
    trials = records["stability"]
    supported = trials[trials["status"] != TrialStatus.UNSUPPORTED]
    rows = summarize_groups(supported, KEYS, _rates)
    return pd.DataFrame(rows, columns=None if rows else KEYS)


def _rates(group: pd.DataFrame) -> dict[str, Any]:
    """Return the stable and the unstable rate of one estimator."""
    decreased = group["final_loss"] <= group["initial_loss"]
    failed = (group["status"] != TrialStatus.OK) | ~decreased
    failed_at_rate = failed.groupby(group["learning_rate"]).any().sort_index()
    rates = failed_at_rate.index.to_numpy()
    n_stable = int((~failed_at_rate).cumprod().sum())
    return {
        "steps": group["steps"].max(),
        "n_seeds": group["seed"].nunique(),
        "stable_rate": rates[n_stable - 1] if n_stable else np.nan,
        "unstable_rate": rates[n_stable] if n_stable < len(rates) else np.nan,
        "stable_rate_theory": group["stable_rate_theory"].iloc[0],
    }
