"""Table `cost`: time of an estimate and of a step relative to the time of the loss function."""

from typing import Any

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import Records, scalars, with_all_columns
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.records.statuses import with_status

RECORDS = ("cost",)
READABLE = True
CAPTION = """
Time of a gradient estimate and of a whole step relative to the forward pass, round by round. The
timing noise is the ratio of two timings of the same forward pass.
"""

KEYS = [
    "cost",
    "problem",
    "problem_kind",
    "backend",
    "estimator",
    "estimator_kind",
    "direction",
    "num_directions",
    "evaluations",
    "dimension",
    "depth",
    "length",
    "batch_size",
    "precision",
    "threads",
    "compiled",
    "observation_bytes",
    "status",
    "reason",
    "other_cpu_fraction",
]
WORKLOAD_KEYS = ["cost", "problem", "backend", "batch_size"]
"""Columns that identify the workload; all its estimators are compared with one loss function."""
COUNTS = ("flops", "product_flops", "xla_temp_bytes", "graph_temp_bytes", "saved_bytes")
FORWARD_PARTS = ("forward", "forward_again")
ESTIMATOR_PARTS = ("sampling", "derivative", "update", "gradient", "step")
SECONDS = tuple(f"{part}_seconds" for part in ("forward", *ESTIMATOR_PARTS))
RATIOS = tuple(f"{part}_over_forward" for part in ESTIMATOR_PARTS)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "batch_size", "estimator"),
    keys=("cost",),
    plain=(
        *KEYS,
        "n",
        *(f"{program}_{count}" for program in ("forward", "step") for count in COUNTS),
        "flops",
        "flop_bound_over_forward",
        "compile_seconds",
        "first_seconds",
    ),
    sampled=(*SECONDS, *RATIOS, "timing_noise"),
    ratios=(*SECONDS, *RATIOS, "timing_noise"),
    timed=(*SECONDS, *RATIOS, "timing_noise", "compile_seconds", "first_seconds"),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, batch size, backend and estimator.

    Every ratio is computed within a round. Ratios and times are inter-quartile means with
    bootstrap intervals over `n` rounds.

    timing_noise: ratio of two timings of the loss function in one round. A difference between
        estimators that is smaller than this noise is not significant.
    gradient_*, step_*: one estimate, and one whole step of SGD.
    sampling_*, derivative_*, update_*: pieces of a step with one direction, timed separately.
    flop_bound_over_forward: lower bound of an estimate's multiplications relative to the loss
        function, as in `COST`.
    forward_*, step_* with the names in `COUNTS`: counts of the loss function and of the step.
    """
    cost = with_status(records["cost"])
    rows: list[dict[str, Any]] = []
    for _, workload in cost.groupby(WORKLOAD_KEYS, sort=False):
        rows += _estimator_rows(workload, settings)
    return with_all_columns(rows, COLUMN_ROLES)


def _estimator_rows(workload: pd.DataFrame, settings: Statistics) -> list[dict[str, Any]]:
    """Return one row per estimator of a workload."""
    is_forward = workload["part"].isin(FORWARD_PARTS)
    if not is_forward.any():
        # The loss itself could not be computed, so no estimator was timed.
        estimators = workload.to_dict("records")
        return [{name: row[name] for name in KEYS} | {"n": 0} for row in estimators]
    forward = workload[is_forward].pivot(index="round", columns="part", values="seconds")
    shared = _forward_columns(workload, forward, settings)
    has_estimator = workload["estimator"].notna()
    rows = []
    for _, estimator in workload[has_estimator].groupby("estimator", sort=False):
        first = estimator.iloc[0]
        row = {name: first[name] for name in KEYS} | shared
        if first["status"] == MeasurementStatus.OK:
            row |= _ratios(estimator, forward["forward"], settings)
            row["flop_bound_over_forward"] = first["flop_bound_over_forward"]
        rows.append(row)
    return rows


def _forward_columns(
    workload: pd.DataFrame, forward: pd.DataFrame, settings: Statistics
) -> dict[str, Any]:
    """Return the columns of the loss function, which all estimators of the workload share."""
    seconds = forward["forward"]
    noise = forward["forward_again"] / seconds
    row: dict[str, Any] = {"n": len(forward)}
    row |= scalars("forward_seconds", seconds, settings)
    row |= scalars("timing_noise", noise, settings)
    return row | _counts("forward", workload)


def _ratios(estimator: pd.DataFrame, forward: pd.Series, settings: Statistics) -> dict[str, Any]:
    """Return the times and counts of an estimator. The rounds of `forward` are its index."""
    by_part = estimator.pivot(index="round", columns="part", values="seconds")
    row: dict[str, Any] = {}
    for part in ESTIMATOR_PARTS:
        if part in by_part:
            seconds = by_part[part]
            row |= scalars(f"{part}_seconds", seconds, settings)
            row |= scalars(f"{part}_over_forward", seconds / forward, settings)
    gradient_and_step = estimator[estimator["part"].isin(("gradient", "step"))]
    programs = gradient_and_step.drop_duplicates("part")
    for name in ("compile_seconds", "first_seconds"):
        row[name] = programs[name].median()
    row |= _counts("step", estimator)
    row["flops"] = row["step_flops"]
    return row


def _counts(part: str, rows: pd.DataFrame) -> dict[str, Any]:
    first = rows[rows["part"] == part].iloc[0]
    return {f"{part}_{name}": first[name] for name in COUNTS}
