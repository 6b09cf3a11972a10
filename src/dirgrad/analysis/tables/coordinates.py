"""Table `coordinates`: moments of the coordinates of an estimate, with their closed forms."""

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics
from dirgrad.core import theory

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


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per recorded coordinate, with its variance and kurtosis over the draws.

    `variance_theory` and `kurtosis_theory` are the closed forms for a forward gradient with one
    Gaussian direction. They are null for every other estimator.
    """
    norms = records["draws"].drop_duplicates(KEYS)[[*KEYS, "gradient_norm"]]
    rows = records["coordinates"].merge(norms, on=KEYS)
    forward_gradient = rows["estimator_kind"] == "forward_gradient"
    gaussian = rows["direction"] == "gaussian"
    single = rows["num_directions"] == 1
    has_theory = (forward_gradient & gaussian & single).to_numpy()
    gradient = rows["gradient"].to_numpy()
    norm = rows["gradient_norm"].to_numpy()
    return rows.assign(
        variance_theory=np.where(has_theory, theory.variance(gradient, norm), np.nan),
        kurtosis_theory=np.where(has_theory, theory.kurtosis(gradient, norm), np.nan),
    )
