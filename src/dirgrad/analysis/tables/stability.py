"""Table `stability`: largest stable and best learning rates of a grid, with closed forms."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import (
    Records,
    scalars,
    summarize_groups,
    with_all_columns,
)
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("stability",)
READABLE = True
CAPTION = """
Largest stable learning rate of a grid for each estimator, and the next rate of the grid, which is
unstable. The ratio to the rate of backprop is compared with tr H over the largest eigenvalue of
the Hessian H.
"""

CELL = ["stability", "problem", "problem_kind", "backend", "dimension", "batch_size"]
"""Columns in which the estimators of one problem agree."""
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
RATIO = "backprop_over_rate"
PER_TRACE = "backprop_over_rate_per_trace"
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "estimator"),
    keys=("batch_size", "stability"),
    plain=(
        *KEYS,
        "steps",
        "n_seeds",
        "stable_rate",
        "unstable_rate",
        "stable_rate_theory",
        "hessian_trace",
        "largest_eigenvalue",
        "hessian_probes",
        "trace_over_largest",
        "backprop_over_rate",
        "backprop_over_rate_from",
        "backprop_over_rate_to",
        "backprop_over_rate_per_trace",
        "backprop_over_rate_per_trace_from",
        "backprop_over_rate_per_trace_to",
        "best_rate",
        "best_rate_theory",
        "best_rate_over_theory",
        "best_rate_over_theory_from",
        "best_rate_over_theory_to",
        "decay_theory",
    ),
    sampled=("decay", "decay_over_theory"),
    n="n_seeds",
    ratios=("decay", "decay_over_theory"),
    bounds={
        "stable_rate": ("stable_rate", "unstable_rate"),
        "backprop_over_rate": ("backprop_over_rate_from", "backprop_over_rate_to"),
        "backprop_over_rate_per_trace": (
            "backprop_over_rate_per_trace_from",
            "backprop_over_rate_per_trace_to",
        ),
        "best_rate_over_theory": ("best_rate_over_theory_from", "best_rate_over_theory_to"),
    },
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend and estimator.

    An estimator is stable at a rate if every trial at this rate and at all lower rates of the
    grid is `ok` and ends at or below its initial loss.

    stable_rate, unstable_rate: the largest such rate, and the next rate of the grid. The threshold
        lies between them. Either is null if it is outside the grid.
    trace_over_largest: tr H over the largest eigenvalue of the Hessian H, where training starts.
    backprop_over_rate: stable rate of backprop over the stable rate of the row, with its bounds.
        They are 0 and infinity where a threshold is outside the grid.
    backprop_over_rate_per_trace: this ratio over `trace_over_largest`. On a quadratic it is 1 if
        the rates are 2 over the largest eigenvalue and 2 / tr H.
    best_rate: rate of the grid at which the loss decays fastest, on average over the seeds.
        `best_rate_over_theory` has the neighbors in the grid as its bounds. Both are null if the
        best rate is an end of the grid. Everything about the best rate is null if a trial ends at
        the loss 0, since no decay is faster than rounding shows.
    decay, decay_theory: -log(final loss / initial loss) per step at the best rate, one value per
        seed, and -log of the closed form of the contraction of the mean loss. The mean of a
        logarithm lies below the logarithm of the mean, by about one part in d.

    An estimator that is not supported has no row; its status is in the records.
    """
    trials = records["stability"]
    supported = trials[trials["status"] != TrialStatus.UNSUPPORTED]
    rows = summarize_groups(supported, KEYS, lambda group: _row(group, settings))
    table = with_all_columns(rows, COLUMN_ROLES)
    return _relative_to_backprop(table) if len(table) else table


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    first = group.iloc[0]
    trace, largest = first["hessian_trace"], first["largest_eigenvalue"]
    measured = pd.notna(trace) and pd.notna(largest) and largest > 0
    return {
        **_rates(group),
        "hessian_trace": trace,
        "largest_eigenvalue": largest,
        "hessian_probes": first["hessian_probes"],
        "trace_over_largest": trace / largest if measured else np.nan,
        **_best(group, settings),
    }


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


def _best(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    """Return the rate at which the loss decays fastest, with its decay."""
    ok = group["status"] == TrialStatus.OK
    if (ok & (group[["final_loss", "initial_loss"]] <= 0).any(axis=1)).any():
        return {}
    logarithm = np.log(group["final_loss"].where(ok) / group["initial_loss"])
    decay = (-logarithm / group["steps"]).to_numpy(float)
    by_rate = pd.DataFrame(decay, group["learning_rate"]).groupby(level=0)[0]
    # A rate counts if all its trials ended.
    means = by_rate.mean().where(by_rate.count() == by_rate.size())
    if means.isna().all():
        return {}
    i = int(means.argmax())
    rate, rates = means.index[i], means.index
    theory = group["best_rate_theory"].iloc[0]
    decay_theory = -np.log(group["contraction_theory"].astype(float).iloc[0])
    chosen = (group["learning_rate"] == rate).to_numpy()
    samples = pd.Series(decay[chosen], group["seed"].to_numpy()[chosen])
    row = {"best_rate_theory": theory, "decay_theory": decay_theory}
    row |= scalars("decay", samples, settings)
    if 0 < i < len(rates) - 1:
        row["best_rate"] = rate
        row["best_rate_over_theory"] = rate / theory
        row["best_rate_over_theory_from"] = rates[i - 1] / theory
        row["best_rate_over_theory_to"] = rates[i + 1] / theory
        row |= scalars("decay_over_theory", samples / decay_theory, settings)
    return row


def _relative_to_backprop(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the columns that relate a stable rate to the one of backprop."""
    exact = table[table["estimator_kind"] == "backprop"].drop_duplicates(CELL)
    rates = exact[[*CELL, "stable_rate", "unstable_rate"]]
    exact_rates = table[CELL].merge(rates, how="left", on=CELL).set_index(table.index)
    stable, unstable = (exact_rates[name].astype(float) for name in rates.columns[-2:])
    own_stable, own_unstable = (
        table[name].astype(float) for name in ("stable_rate", "unstable_rate")
    )
    both = stable.notna() & own_stable.notna()
    columns = {
        RATIO: stable / own_stable,
        f"{RATIO}_from": (stable / own_unstable).fillna(0.0).where(both),
        f"{RATIO}_to": (unstable / own_stable).fillna(np.inf).where(both),
    }
    scale = table["trace_over_largest"].astype(float)
    # Without directions a rate has nothing to do with the trace.
    scale = scale.where(table["num_directions"] > 0)
    per_trace = {name.replace(RATIO, PER_TRACE): values / scale for name, values in columns.items()}
    return table.assign(**columns, **per_trace)
