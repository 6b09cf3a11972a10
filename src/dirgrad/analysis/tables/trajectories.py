"""Table `trajectories`: parameters along training, for problems with two parameters."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

RECORDS = ("curves",)
READABLE = False
CAPTION = "Parameters of every trial at every record point, for problems with two parameters."

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
    """Return one row per record point of every trial, without a summary.

    Trials of every status are included.
    """
    curves = records["curves"]
    two_parameters = curves["theta_0"].notna()
    return curves.loc[two_parameters, COLUMNS]
