"""Table `memory`: memory of one step of SGD, or of one evaluation of the loss function."""

from typing import Any

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import (
    Records,
    scalars,
    summarize_groups,
    with_all_columns,
)
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.records.statuses import with_status

RECORDS = ("memory",)
READABLE = True
CAPTION = """
Memory of one step, each value from a separate process, and the memory that the compiler reports.
"""

KEYS = [
    "memory",
    "problem",
    "problem_kind",
    "backend",
    "estimator",
    "direction",
    "dimension",
    "depth",
    "length",
    "batch_size",
    "precision",
    "status",
    "reason",
    "parameter_bytes",
    "xla_temp_bytes",
    "graph_temp_bytes",
    "saved_bytes",
]
PEAKS = ("resident_peak_bytes", "device_peak_bytes")
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "estimator", "depth", "batch_size"),
    keys=("problem", "memory"),
    plain=(*KEYS, "n"),
    sampled=PEAKS,
    ratios=PEAKS,
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend and estimator (or `inference`, the loss function).

    Peaks are inter-quartile means with bootstrap intervals over `n` processes. All other numbers
    of bytes are exact counts. Processes that are not `ok` have rows of their own, with their
    `status` and `reason`, `n` = 0 and no bytes.
    """
    processes = with_status(records["memory"])
    rows = summarize_groups(processes, KEYS, lambda group: _peaks(group, settings))
    return with_all_columns(rows, COLUMN_ROLES)


def _peaks(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    if group["status"].iloc[0] != MeasurementStatus.OK:
        return {"n": 0}
    processes = group.reset_index(drop=True)
    row: dict[str, Any] = {"n": len(processes)}
    for name in PEAKS:
        row |= scalars(name, processes[name], settings)
    return row
