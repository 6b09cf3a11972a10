"""One row per problem, backend and estimator: its signal-to-noise ratio beside the closed form, its cosine, its length."""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.intervals import mean_interval
from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics
from dirgrad.core import theory

KEYS = [
    *(
        "quality",
        "problem",
        "problem_kind",
        "backend",
        "estimator",
        "estimator_kind",
        "direction",
        "num_directions",
        "eps",
    ),
    *("dimension", "length", "batch_size", "dtype", "after_steps"),
]

ENDS = (("", "value"), ("_low", "low"), ("_high", "high"))


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """snr = ||g||^2 / E||estimate - g||^2, with the exact gradient g of the minibatch as the signal: the mean over `draws`, not a
    trimmed one, since the tail belongs to it; its interval is a percentile bootstrap of that mean. squared_bias and
    variance are its two parts, relative to ||g||^2: the first is the mean product of two errors, and `bias` its root, negative
    where chance made it so. snr_theory: K/(d + 1) and its kin, at the gradients met; snr_z: how far 1/snr is from its
    reciprocal, in standard errors, rounding counted in. best_shrinkage: the factor that brings an estimate closest to g.
    direction_variance and minibatch_variance, relative to the whole gradient's ||g||^2: the two sources of noise, with more
    than one minibatch. projection: <mean estimate, g> / ||g||^2, 1 without bias along g, with an error that does not grow with the
    dimension. difference_error: the root of the mean square of what a difference is off along its direction, over ||g||;
    difference_bias: the mean of the part of that along g."""
    draws = records["draws"].rename(columns={"precision": "dtype"})
    rows = [
        dict(zip(KEYS, key, strict=True)) | _row(group, settings)
        for key, group in draws.groupby(KEYS, sort=False, dropna=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "draws"])


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    error = mean_interval(group["relative_squared_error"].to_numpy(), settings)
    # The interval of a reciprocal is the reciprocal of the interval, ends exchanged.
    snr = (
        {"snr": 1 / error.value, "snr_low": 1 / error.high, "snr_high": 1 / error.low}
        if error.value
        else {"snr": np.inf}
    )
    means = {name: group[name].mean() for name in ("gradient_norm", "norm_ratio")}
    squared = _mean(group["error_product"], settings)
    parts = {f"squared_bias{end}": value for end, value in squared.items()} | {
        "variance": float(error.value - squared[""])
    }
    parts |= {"bias": float(np.sign(squared[""]) * np.sqrt(np.abs(squared[""])))}
    row = {
        "draws": len(group),
        **parts,
        **snr,
        **_expected(group),
        **means,
        **_sources(group, settings),
        **_differences(group, settings),
    }
    row |= {
        f"projection{end}": value
        for end, value in _mean(group["cosine"] * group["norm_ratio"], settings).items()
    }
    row["best_shrinkage"] = (group["cosine"] * group["norm_ratio"]).mean() / (
        group["norm_ratio"] ** 2
    ).mean()
    return row | {f"cosine{end}": value for end, value in _mean(group["cosine"], settings).items()}


def _expected(group: pd.DataFrame) -> dict[str, float]:
    """The closed forms, and how far the measured error is from its own."""
    first, error = group.iloc[0], group["relative_squared_error"]
    law = (first["direction"], int(first["num_directions"]), int(first["dimension"]))
    snr = 1 / (1 / group["signal_to_noise_theory"].astype(float)).mean()
    # Where every estimate is as far from g, all that is left is rounding.
    standard_error = np.hypot(error.std() / np.sqrt(len(error)), np.finfo(first["dtype"]).eps / snr)
    return {
        "snr_theory": snr,
        "snr_z": (error.mean() - 1 / snr) / standard_error,
        "cosine_theory": theory.cosine(*law) if np.isfinite(snr) else np.nan,
        "best_shrinkage_theory": theory.shrinkage(snr),
    }


def _sources(group: pd.DataFrame, settings: Statistics) -> dict[str, float]:
    """Where the noise comes from: of the estimates on a minibatch about its gradient, and of these about the whole one."""
    each = group["relative_squared_error"] * group["squared_norm_ratio"]
    between = group.drop_duplicates("minibatch")["minibatch_squared_error"]
    parts = {"direction_variance": each, "minibatch_variance": between}
    return {"minibatches": len(between)} | {
        f"{name}{end}": value
        for name, column in parts.items()
        for end, value in _mean(column, settings).items()
    }


def _mean(column: pd.Series, settings: Statistics) -> dict[str, float]:
    """The mean of what there is, with the ends of its interval."""
    found = mean_interval(column.dropna().to_numpy(float), settings)._asdict()
    return {end: float(found[name]) for end, name in ENDS}


def _differences(group: pd.DataFrame, settings: Statistics) -> dict[str, float]:
    squares = _mean(group["difference_error"].astype(float) ** 2, settings)
    theory = np.sqrt((group["difference_error_theory"].astype(float) ** 2).mean())
    errors = {f"difference_error{end}": float(np.sqrt(square)) for end, square in squares.items()}
    biases = {
        f"difference_bias{end}": bias
        for end, bias in _mean(group["difference_bias"].astype(float), settings).items()
    }
    return errors | {"difference_error_theory": float(theory)} | biases
