"""Table `bench`: time, memory and signal-to-noise ratio of whole steps, by estimator."""

from typing import Any

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.cost import WORKLOAD_KEYS
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.statuses import measured

RECORDS = ("cost",)
READABLE = True
CAPTION = """
Time of a step relative to a backprop step, to a plain forward-gradient step, to the forward pass
and to the FLOP bound, and the signal-to-noise ratio that is gained per second.
"""

BACKPROP, PLAIN = "backprop", "forward_gradient"
"""Names of the two estimators that all others are compared with.

The second is a forward gradient along a Gaussian direction that is stored in full.
"""
KEYS = [
    "problem",
    "batch_size",
    "backend",
    "estimator",
    "cost",
    "dimension",
    "precision",
    "threads",
    "other_cpu_fraction",
]
TIMES = ("step_seconds", "step_over_backprop", "step_over_plain", "step_over_forward")
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "batch_size", "estimator"),
    keys=("cost",),
    plain=(
        *KEYS,
        "n",
        "step_over_flop_bound",
        "step_temp_bytes",
        "snr_per_second",
        "snr_per_second_and_byte",
    ),
    sampled=TIMES,
    ratios=TIMES,
    timed=(*TIMES, "step_over_flop_bound", "snr_per_second", "snr_per_second_and_byte"),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, batch size, backend and estimator.

    Every ratio is computed within a round. Ratios and times are inter-quartile means with
    bootstrap intervals over `n` rounds.

    step_over_backprop, step_over_plain, step_over_forward: step time relative to a step of
        backprop, to a step of the plain forward gradient, and to the loss function.
    step_over_flop_bound: step time relative to a lower bound, the time of the multiplications that
        no step can avoid. It assumes that the loss function only multiplies.
    step_temp_bytes: memory of a step without its arguments, as its framework counts it.
    snr_per_second, snr_per_second_and_byte: closed form of the signal-to-noise ratio of a step,
        divided by its time, and also by its memory. Both are null without a closed form, as for
        backprop, which has no noise.
    """
    rows: list[dict[str, Any]] = []
    for _, workload in measured(records["cost"]).groupby(WORKLOAD_KEYS, sort=False):
        rows += _estimator_rows(workload, settings)
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])


def _estimator_rows(workload: pd.DataFrame, settings: Statistics) -> list[dict[str, Any]]:
    """Return one row per estimator of a workload."""
    forward = workload[workload["part"] == "forward"].set_index("round")["seconds"]
    steps = workload[workload["part"] == "step"]
    by_estimator = steps.pivot(index="round", columns="estimator", values="seconds")
    references = {
        "backprop": by_estimator.get(BACKPROP),
        "plain": by_estimator.get(PLAIN),
        "forward": forward,
    }
    rows = []
    for name, estimator in steps.groupby("estimator", sort=False):
        first = estimator.iloc[0]
        row = {key: first[key] for key in KEYS}
        row["n"] = len(estimator)
        row |= _times(by_estimator[name], references, settings)
        row["step_over_flop_bound"] = row["step_over_forward"] / first["flop_bound_over_forward"]
        row |= _efficiency(first, row["step_seconds"])
        rows.append(row)
    return rows


def _times(
    seconds: pd.Series, references: dict[str, pd.Series | None], settings: Statistics
) -> dict[str, Any]:
    """Return the time of a step, and its ratio to each reference of the workload."""
    row = scalars("step_seconds", seconds, settings)
    for name, reference in references.items():
        if reference is not None:
            row |= scalars(f"step_over_{name}", seconds / reference, settings)
    return row


def _efficiency(step: pd.Series, seconds: float) -> dict[str, float]:
    """Return the memory of a step and its signal-to-noise ratio per second and byte."""
    temp_bytes = step[["xla_temp_bytes", "graph_temp_bytes"]].dropna().astype(float).sum()
    snr_per_second = float(step["signal_to_noise_theory"]) / seconds
    return {
        "step_temp_bytes": temp_bytes,
        "snr_per_second": snr_per_second,
        "snr_per_second_and_byte": snr_per_second / temp_bytes,
    }
