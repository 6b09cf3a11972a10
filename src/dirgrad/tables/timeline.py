"""The resident set of every process that was watched: a row per sample."""

import pandas as pd

from dirgrad.settings import Statistics
from dirgrad.tables import Records
from dirgrad.tables.memory import named

COLUMNS = ["memory", "model", "backend", "estimator", "depth", "length", "batch_size", "steps", "seconds", "resident_bytes"]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """seconds: since the first step, negative before it."""
    return named(records["resident"])[COLUMNS]
