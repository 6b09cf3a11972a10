"""Table `bench`: time, memory, energy and signal-to-noise ratio of whole steps, by estimator."""

from typing import Any

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.cost import WORKLOAD_KEYS
from dirgrad.analysis.tables.summary import Records, scalars, with_all_columns
from dirgrad.config.settings import Statistics
from dirgrad.records import energy
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.records.statuses import with_status

RECORDS = ("cost",)
READABLE = True
CAPTION = """
Time of a step relative to a backprop step, to a plain forward-gradient step, to the forward pass
and to the FLOP bound, the share of the throughput of inference that training keeps, the
signal-to-noise ratio that is gained per second, and the energy of a step.
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
    "estimator_kind",
    "direction",
    "num_directions",
    "evaluations",
    "cost",
    "dimension",
    "precision",
    "threads",
    "device",
    "other_cpu_fraction",
    "energy_source",
    "flop_bound_over_forward",
    "status",
    "reason",
]
"""Columns that are equal in all rounds of a step."""
TIMES = (
    "step_seconds",
    "step_over_backprop",
    "step_over_plain",
    "step_over_forward",
    "throughput_over_inference",
    "joules_per_step",
)
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
    names={"energy_source": ("rapl", "nvml", energy.NOT_READABLE)},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, batch size, backend and estimator.

    An estimator that was not timed has its status and the reason, and no times. Every ratio is
    computed within a round. Ratios and times are inter-quartile means with bootstrap intervals over
    `n` rounds.

    step_over_backprop, step_over_plain, step_over_forward: step time relative to a step of
        backprop, to a step of the plain forward gradient, and to the loss function.
    flop_bound_over_forward: multiplications that no step can avoid, relative to the loss function.
    step_over_flop_bound: step time relative to the time of these multiplications. It assumes that
        the loss function only multiplies.
    throughput_over_inference: examples that steps process in a second, with the update, over those
        that the loss function processes: the inverse of `step_over_forward` in each round.
    joules_per_step, energy_source: energy that the device used per step, and the counter that
        measured it; null where no counter can be read.
    step_temp_bytes: memory of a step without its arguments, as its framework counts it.
    snr_per_second, snr_per_second_and_byte: closed form of the signal-to-noise ratio of a step,
        divided by its time, and also by its memory. Both are null without a closed form, as for
        backprop, which has no noise.
    """
    rows: list[dict[str, Any]] = []
    for _, workload in with_status(records["cost"]).groupby(WORKLOAD_KEYS, sort=False):
        rows += _estimator_rows(workload, settings)
    return with_all_columns(rows, COLUMN_ROLES)


def _estimator_rows(workload: pd.DataFrame, settings: Statistics) -> list[dict[str, Any]]:
    """Return one row per estimator of a workload."""
    forward = workload[workload["part"] == "forward"].set_index("round")["seconds"]
    steps = workload[workload["part"] == "step"]
    refused = workload[workload["status"] != MeasurementStatus.OK]
    by_estimator = steps.pivot(index="round", columns="estimator", values="seconds")
    references = {
        "backprop": by_estimator.get(BACKPROP),
        "plain": by_estimator.get(PLAIN),
        "forward": forward,
    }
    rows = []
    for name, estimator in steps.groupby("estimator", sort=False):
        row = _facts(estimator) | {"n": len(estimator)}
        row |= _times(by_estimator[name], references, settings)
        throughput = forward / by_estimator[name]
        row |= scalars("throughput_over_inference", throughput, settings)
        row |= scalars("joules_per_step", estimator.set_index("round")["joules"], settings)
        row["step_over_flop_bound"] = row["step_over_forward"] / row["flop_bound_over_forward"]
        row |= _efficiency(estimator.iloc[0], row["step_seconds"])
        rows.append(row)
    return rows + [_facts(group) for _, group in refused.groupby("estimator", sort=False)]


def _facts(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that are equal in all rows of an estimator."""
    first = rows.iloc[0]
    return {key: first[key] for key in KEYS}


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
