"""Table `memory`: memory of one step of SGD, or of one evaluation of the loss function."""

from typing import Any

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.summary import Records, scalars, summarize_groups
from dirgrad.config.settings import Statistics

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
    of bytes are exact counts.
    """
    rows = summarize_groups(records["memory"], KEYS, lambda group: _peaks(group, settings))
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])


def _peaks(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {"n": len(group)}
    for name in PEAKS:
        values = group[name].dropna().to_numpy(float)
        row |= scalars(name, values, settings)
    return row
