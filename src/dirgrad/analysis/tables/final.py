"""Table `final`: how the trials at each learning rate ended."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.best import RATE_KEYS, best_rates
from dirgrad.analysis.tables.failed_trials import values_by_seed
from dirgrad.analysis.tables.summary import (
    Records,
    raw_values,
    scalars,
    summarize_groups,
    with_all_columns,
)
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("trials",)
READABLE = True
CAPTION = """
Outcome of the trials of every experiment, framework, estimator and learning rate. Values are
inter-quartile means with bootstrap intervals over the successful trials (status ok). Trials that
diverged, timed out or are not supported are counted in separate columns.
"""

KEYS = [
    "experiment",
    "problem",
    "backend",
    "estimator",
    "estimator_kind",
    "direction",
    "num_directions",
    "optimizer",
    "stage",
    "learning_rate",
    "learning_rate_decay",
    "batch_size",
    "dimension",
    "lanes",
    "threads",
    "exclusive",
]
VALUES = (
    "final_loss",
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "test_accuracy",
    "support_recovered",
    "step_seconds",
)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "experiment", "estimator"),
    keys=("stage", "learning_rate"),
    plain=(
        *KEYS,
        "n_seeds",
        *(f"n_{status}" for status in TrialStatus),
        "evaluations",
        *(f"{name}_standard_error" for name in VALUES),
        "compile_seconds",
        "best_rate",
    ),
    sampled=VALUES,
    n="n_ok",
    ratios=("final_loss", "valid_loss", "step_seconds"),
    timed=("step_seconds", "step_seconds_standard_error", "compile_seconds"),
    folders={"problem": "problems"},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend, estimator, stage and learning rate.

    Values are inter-quartile means with bootstrap intervals over the trials that are `ok`. The
    columns `n_STATUS` count the trials by their status. A standard error belongs to the plain mean,
    as in most papers. The raw values, by which claims are judged, include the failed trials with
    the bounds of `values_by_seed`; the times do not include them.

    `best_rate` marks the best rate of each estimator (see `best_rates`). After tuning it is the
    only rate of stage `final`.
    """
    trials = records["trials"]
    rows = summarize_groups(trials, KEYS, lambda group: _summary(group, settings))
    best = best_rates(trials).assign(best_rate=True)
    if not rows:
        return with_all_columns(rows, COLUMN_ROLES)
    table = pd.DataFrame(rows).merge(best, on=RATE_KEYS, how="left")
    return table.assign(best_rate=table["best_rate"].notna())


def _summary(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {"n_seeds": len(group)}
    statuses = group["status"].to_numpy()
    for status in TrialStatus:
        row[f"n_{status}"] = int((statuses == status).sum())
    row["evaluations"] = group["evaluations"].max()
    started = group[statuses != TrialStatus.UNSUPPORTED]
    ok = group[statuses == TrialStatus.OK].set_index("seed")
    for name in VALUES:
        row |= scalars(name, ok[name], settings)
        if name != "step_seconds":
            row |= raw_values(name, values_by_seed(started, name))
        row[f"{name}_standard_error"] = _standard_error(ok[name].to_numpy(float))
    row["compile_seconds"] = group["compile_seconds"].median()
    return row


def _standard_error(values: np.ndarray) -> float:
    """Return the standard error of the mean of the known values; NaN for fewer than two."""
    present = values[~np.isnan(values)]
    n = len(present)
    return float(present.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
