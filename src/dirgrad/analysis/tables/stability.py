"""One row per problem, backend and estimator: the largest rate of the grid that it bears."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Status

KEYS = [
    *(
        "stability",
        "problem",
        "problem_kind",
        "backend",
        "estimator",
        "estimator_kind",
        "direction",
        "num_directions",
    ),
    *("dimension", "batch_size"),
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """A rate is borne if at it, and at every smaller one, no trial failed or ended above its initial loss. The threshold lies
    between `stable_rate` and `unstable_rate`, the next of the grid; null where it is beyond the grid."""
    rows = [
        dict(zip(KEYS, key, strict=True)) | _row(group)
        for key, group in records["stability"].groupby(KEYS, sort=False, dropna=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else KEYS)


def _row(group: pd.DataFrame) -> dict[str, Any]:
    failed = (group["status"] != Status.OK) | ~(group["final_loss"] <= group["initial_loss"])
    by_rate = failed.groupby(group["learning_rate"]).any().sort_index()
    rates, borne = by_rate.index.to_numpy(), int((~by_rate).cumprod().sum())
    return {
        "steps": group["steps"].max(),
        "n_seeds": group["seed"].nunique(),
        "stable_rate": rates[borne - 1] if borne else np.nan,
        "unstable_rate": rates[borne] if borne < len(rates) else np.nan,
        "stable_rate_theory": group["stable_rate_theory"].iloc[0],
    }
