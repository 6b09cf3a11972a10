"""One row per problem, backend and estimator: its signal-to-noise ratio beside the closed form, its cosine, its length."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad import theory
from dirgrad.settings import Statistics
from dirgrad.statistics import mean_interval
from dirgrad.tables import Records

KEYS = [
    *("quality", "problem", "problem_kind", "backend", "estimator", "estimator_kind", "direction", "directions_k"),
    *("dimension", "length", "batch_size", "precision", "after_steps"),
]

PLAIN = ("forward_gradient", "finite_difference")
"""The estimators of the closed form."""
ENDS = (("", "value"), ("_low", "low"), ("_high", "high"))


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """snr = ||g||^2 / E||estimate - g||^2, with the exact gradient g as the signal: the mean over `draws`, not a trimmed one, since
    the tail belongs to it; its interval is a percentile bootstrap of that mean. squared_bias and variance are its
    two parts, relative to ||g||^2: the first is the mean product of two errors. snr_theory: K/(d + 1) and its kin."""
    rows = [
        dict(zip(KEYS, key, strict=True)) | _row(group, settings)
        for key, group in records["draws"].groupby(KEYS, sort=False, dropna=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "draws"])


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    first = group.iloc[0]
    error = mean_interval(group["relative_squared_error"].to_numpy(), settings)
    # The interval of a reciprocal is the reciprocal of the interval, ends exchanged.
    snr = {"snr": 1 / error.value, "snr_low": 1 / error.high, "snr_high": 1 / error.low} if error.value else {"snr": np.inf}
    plain = first["estimator_kind"] in PLAIN
    expected = theory.signal_to_noise(first["direction"], first["directions_k"], first["dimension"]) if plain else np.nan
    means = {name: group[name].mean() for name in ("gradient_norm", "norm_ratio")}
    cosine = mean_interval(group["cosine"].to_numpy(), settings)._asdict()
    bias = mean_interval(group["paired_error"].dropna().to_numpy(), settings)._asdict()
    parts = {f"squared_bias{end}": float(bias[name]) for end, name in ENDS} | {"variance": float(error.value - bias["value"])}
    row = {"draws": len(group), **parts, **snr, "snr_theory": expected, **means}
    return row | {f"cosine{end}": float(cosine[name]) for end, name in ENDS}
