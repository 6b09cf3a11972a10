"""One row per estimate in two dimensions, as it is: what arrows are drawn from."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

COLUMNS = ["quality", "problem", "backend", "estimator", "draw", "estimate_0", "estimate_1"]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Nothing is summarised."""
    return records["draws"].loc[records["draws"]["estimate_0"].notna(), COLUMNS]
