"""From records to tables, one a file: `make(records, statistics) -> DataFrame`."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.intervals import summarise
from dirgrad.config.settings import Statistics

Records: TypeAlias = Mapping[str, pd.DataFrame]
"""Rows by the kind of their records: trials, curves, cost, memory, draws, coordinates, stability."""


def columns(name: str, values: np.ndarray, settings: Statistics) -> dict[str, np.ndarray]:
    """Columns `name`, `name_low` and `name_high` from values (..., n)."""
    return dict(
        zip((name, f"{name}_low", f"{name}_high"), summarise(values, settings), strict=True)
    )


def scalars(name: str, values: np.ndarray, settings: Statistics) -> dict[str, float]:
    """The same of values (n,), as numbers."""
    return {key: float(value) for key, value in columns(name, values, settings).items()}
