"""Table `estimates`: single estimates in two dimensions, for the figure that draws them."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

RECORDS = ("draws",)
READABLE = False
CAPTION = "Single gradient estimates of a problem with two parameters."

COLUMNS = ["quality", "problem", "backend", "estimator", "draw", "estimate_0", "estimate_1"]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per estimate, without a summary.

    An estimator that is not supported has no estimates; its status is in the table `quality`.
    """
    draws = records["draws"]
    two_dimensional = draws["estimate_0"].notna()
    return draws.loc[two_dimensional, COLUMNS]
