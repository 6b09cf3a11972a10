"""Table `timeline`: resident set over time of every sampled process."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

RECORDS = ("resident",)
READABLE = False
CAPTION = "Resident set of one training run per estimator, sample by sample."

COLUMNS = [
    "memory",
    "problem",
    "backend",
    "estimator",
    "depth",
    "length",
    "batch_size",
    "steps",
    "seconds",
    "resident_bytes",
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per sample. `seconds` counts from the first step and is negative before it.

    A process that failed and an estimator that is not supported have no samples; their status is in
    the records.
    """
    return records["resident"].dropna(subset="resident_bytes")[COLUMNS]
