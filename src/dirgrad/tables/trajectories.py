"""One row per record point of every trial of a problem of two parameters: where it was."""

import pandas as pd

from dirgrad.config import Statistics

COLUMNS = ["experiment", "backend", "estimator", "stage", "learning_rate", "seed", "step", "theta_0", "theta_1"]


def make(trials: pd.DataFrame, curves: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    """Every trial as it is, whatever its status: nothing is summarised."""
    return curves.loc[curves["theta_0"].notna(), COLUMNS]
