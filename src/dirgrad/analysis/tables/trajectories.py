"""One row per record point of every trial of a problem of two parameters: where it was."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

COLUMNS = [
    "experiment",
    "backend",
    "estimator",
    "stage",
    "learning_rate",
    "seed",
    "step",
    "theta_0",
    "theta_1",
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Every trial as it is, whatever its status: nothing is summarised."""
    return records["curves"].loc[records["curves"]["theta_0"].notna(), COLUMNS]
