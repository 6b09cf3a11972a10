"""The resident set of every process that was watched: a row per sample."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

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
    """seconds: since the first step, negative before it."""
    return records["resident"][COLUMNS]
