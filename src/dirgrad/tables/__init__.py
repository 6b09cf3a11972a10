"""From records to tables, one a file: `make(trials, curves, statistics) -> DataFrame`."""

import numpy as np

from dirgrad.config import Statistics
from dirgrad.statistics import summarise


def columns(name: str, values: np.ndarray, settings: Statistics) -> dict[str, np.ndarray]:
    """Columns `name`, `name_low` and `name_high` from values (..., n)."""
    return dict(zip((name, f"{name}_low", f"{name}_high"), summarise(values, settings), strict=True))
