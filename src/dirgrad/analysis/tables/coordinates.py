"""One row per recorded coordinate of an estimate: variance and kurtosis over the draws beside their closed forms."""

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics
from dirgrad.core import theory

SUBJECT = [
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
    """variance_theory, kurtosis_theory: for one Gaussian direction, null for all else."""
    norms = records["draws"].drop_duplicates(SUBJECT)[[*SUBJECT, "gradient_norm"]]
    rows = records["coordinates"].merge(norms, on=SUBJECT)
    plain = rows["estimator_kind"] == "forward_gradient"
    known = (plain & (rows["direction"] == "gaussian") & (rows["num_directions"] == 1)).to_numpy()
    gradient, norm = rows["gradient"].to_numpy(), rows["gradient_norm"].to_numpy()
    return rows.assign(
        variance_theory=np.where(known, theory.variance(gradient, norm), np.nan),
        kurtosis_theory=np.where(known, theory.kurtosis(gradient, norm), np.nan),
    )
