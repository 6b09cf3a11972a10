"""Table `coordinates`: moments of the coordinates of an estimate, with their closed forms."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

RECORDS = ("draws", "coordinates")
READABLE = False
CAPTION = "Variance and kurtosis of single coordinates of the estimates, and their closed forms."

KEYS = [
    "quality",
    "problem",
    "backend",
    "estimator",
    "batch_size",
    "after_steps",
    "minibatch",
    "eps",
]


THEORY = ["variance_theory", "kurtosis_theory"]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per recorded coordinate, with its variance and kurtosis over the draws.

    `variance_theory` and `kurtosis_theory` are the closed forms that a law declares for a forward
    gradient along one direction. They are null for every other estimator.
    """
    norms = records["draws"].drop_duplicates(KEYS)[[*KEYS, "gradient_norm"]]
    rows = records["coordinates"].merge(norms, on=KEYS)
    return rows[[*rows.columns.drop(THEORY), *THEORY]]
