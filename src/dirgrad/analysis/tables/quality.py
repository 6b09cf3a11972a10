"""Table `quality`: signal-to-noise ratio, bias and cosine of estimates, with closed forms."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, with_interval
from dirgrad.analysis.intervals import mean_interval
from dirgrad.analysis.samples import exact_samples
from dirgrad.analysis.tables.blocks import block_means
from dirgrad.analysis.tables.summary import (
    Records,
    raw_values,
    summarize_groups,
    with_all_columns,
)
from dirgrad.config.settings import Statistics
from dirgrad.core import theory
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.records.statuses import with_status

RECORDS = ("draws",)
READABLE = True
CAPTION = """
Signal-to-noise ratio of gradient estimates relative to the exact gradient, and its closed form.
"""

KEYS = [
    "quality",
    "problem",
    "problem_kind",
    "backend",
    "estimator",
    "estimator_kind",
    "direction",
    "num_directions",
    "eps",
    "dimension",
    "length",
    "batch_size",
    "dtype",
    "after_steps",
    "status",
    "reason",
]
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "estimator", "eps", "dtype"),
    keys=("batch_size", "after_steps", "quality"),
    plain=(
        *KEYS,
        "draws",
        "variance",
        "bias",
        "snr_theory",
        "snr_z",
        "cosine_theory",
        "best_shrinkage",
        "best_shrinkage_theory",
        "gradient_norm",
        "norm_ratio",
        "minibatches",
        "difference_error_theory",
        "curvature_noise_theory",
        "hessian_probes",
    ),
    sampled=(
        "squared_bias",
        "relative_squared_error",
        "snr",
        "curvature_noise",
        "coordinate_variance",
        "coordinate_fourth_moment",
        "direction_variance",
        "minibatch_variance",
        "difference_error",
        "difference_bias",
        "projection",
        "cosine",
    ),
    n="draws",
    ratios=(
        "relative_squared_error",
        "snr",
        "curvature_noise",
        "coordinate_variance",
        "coordinate_fourth_moment",
        "direction_variance",
        "minibatch_variance",
        "difference_error",
    ),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, backend, estimator and number of previous training steps.

    An estimator that is not `ok` has a row with its `status` and `reason`, `draws` = 0 and no
    numbers.

    e is an estimate, g the gradient on its minibatch, and G the gradient on all training data.
    Expectations are plain means over `draws` estimates, because a trimmed mean would ignore the
    tail. Their intervals are percentile bootstrap intervals. Their raw values are the means of ten
    blocks of consecutive draws, with the number of the block as the key; the raw values of
    `minibatch_variance` belong to its minibatches. Estimators of one measurement share the
    random keys of a block.

    relative_squared_error: E||e - g||^2 / ||g||^2, which is 1/snr.
    squared_bias: ||E e - g||^2 / ||g||^2, from products of the errors of two estimates.
    variance: 1/snr minus `squared_bias`.
    bias: root of `squared_bias`, negative if `squared_bias` is negative by chance.
    snr, snr_theory: ||g||^2 / E||e - g||^2, and its closed form, such as K/(d + 1).
    snr_z: 1/snr minus 1/snr_theory, in standard errors (which include rounding).
    curvature_noise, curvature_noise_theory: E[e^T H e] / (||g||^2 tr H) for the Hessian H of the
        loss on the minibatch, and its closed form. Progress and the stable rate follow from it and
        not from `snr`. It is 1 + 2 g^T H g / (||g||^2 tr H) for a Gaussian direction. Null without
        `curvature: true`.
    coordinate_variance, coordinate_fourth_moment: second and fourth central moments of single
        coordinates over their closed forms, averaged over coordinates (Frye 2022). Both are 1 if
        the closed forms hold. The kurtosis is the ratio of the fourth moment to the squared
        variance.
    hessian_probes: number of random vectors in the estimate of tr H; 0 if it is exact.
    direction_variance, minibatch_variance: E||e - g||^2 / ||G||^2 and E||g - G||^2 / ||G||^2, the
        noise from directions and from `minibatches`. Null with a single minibatch.
    difference_error, difference_error_theory: root mean square of the columns in `DRAWS`.
    difference_bias: mean of the column in `DRAWS`.
    projection: <E e, g> / ||g||^2, which is 1 without bias along g. Its error does not grow with
        the dimension.
    best_shrinkage, best_shrinkage_theory: the factor c that minimizes E||c e - g||^2.
    gradient_norm, norm_ratio, cosine: means of the columns in `DRAWS`.
    """
    draws = with_status(records["draws"]).rename(columns={"precision": "dtype"})
    rows = summarize_groups(draws, KEYS, lambda group: _row(group, settings))
    return with_all_columns(rows, COLUMN_ROLES)


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    if group["status"].iloc[0] != MeasurementStatus.OK:
        return {"draws": 0}
    projection = group["cosine"] * group["norm_ratio"]
    squared_norm_ratio = group["norm_ratio"] ** 2
    row: dict[str, Any] = {"draws": len(group)}
    row |= _bias_and_noise(group, settings)
    row |= _closed_forms(group)
    for name in ("gradient_norm", "norm_ratio"):
        row[name] = group[name].mean()
    row |= _variances(group, settings)
    for name in ("curvature_noise", "coordinate_variance", "coordinate_fourth_moment"):
        row |= _mean(name, group[name].astype(float), settings)
    for name in ("curvature_noise_theory", "hessian_probes"):
        row[name] = group[name].astype(float).mean()
    row |= _differences(group, settings)
    row |= _mean("projection", projection, settings)
    row["best_shrinkage"] = projection.mean() / squared_norm_ratio.mean()
    return row | _mean("cosine", group["cosine"], settings)


def _bias_and_noise(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    error = mean_interval(group["relative_squared_error"].to_numpy(), settings)
    row: dict[str, Any] = {}
    row |= _mean("squared_bias", group["error_product"], settings)
    squared_bias = row["squared_bias"]
    row["variance"] = float(error.value - squared_bias)
    row["bias"] = float(np.sign(squared_bias) * np.sqrt(np.abs(squared_bias)))
    if not error.value:
        row["snr"] = np.inf
        return row
    row |= _mean("relative_squared_error", group["relative_squared_error"], settings)
    # The reciprocal is decreasing, so it exchanges the ends of the interval.
    row["snr"] = 1 / error.value
    row["snr_low"] = 1 / error.high
    row["snr_high"] = 1 / error.low
    blocks = block_means(group["relative_squared_error"])
    return row | raw_values("snr", exact_samples(1 / blocks[blocks > 0]))


def _closed_forms(group: pd.DataFrame) -> dict[str, float]:
    """Return the closed forms, and the distance of the measured error from its closed form."""
    first = group.iloc[0]
    error = group["relative_squared_error"]
    snr = 1 / (1 / group["signal_to_noise_theory"].astype(float)).mean()
    # If all estimates have the same error, its standard deviation is zero up to rounding.
    rounding = np.finfo(first["dtype"]).eps / snr
    standard_error = np.hypot(error.std() / np.sqrt(len(error)), rounding)
    return {
        "snr_theory": snr,
        "snr_z": (error.mean() - 1 / snr) / standard_error,
        "cosine_theory": first["cosine_theory"] if np.isfinite(snr) else np.nan,
        "best_shrinkage_theory": theory.shrinkage(snr),
    }


def _variances(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    """Return the variance due to directions, and the variance due to minibatches."""
    by_minibatch = group.drop_duplicates("minibatch")["minibatch_squared_error"]
    by_direction = group["relative_squared_error"] * group["squared_norm_ratio"]
    row: dict[str, Any] = {"minibatches": len(by_minibatch)}
    row |= _mean("direction_variance", by_direction, settings)
    # A minibatch is a sample of its own.
    by_number = by_minibatch.reset_index(drop=True)
    return row | _mean("minibatch_variance", by_number, settings, samples=lambda values: values)


def _differences(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    """Return the error and the bias of a finite difference; NaN for other estimators."""
    squares = group["difference_error"].astype(float) ** 2
    squares_theory = group["difference_error_theory"].astype(float) ** 2
    summary = mean_interval(squares.dropna().to_numpy(float), settings)
    row: dict[str, Any] = dict(
        zip(with_interval("difference_error"), map(float, np.sqrt(summary)), strict=True)
    )
    roots = block_means(squares) ** 0.5
    row |= raw_values("difference_error", exact_samples(roots))
    row["difference_error_theory"] = float(np.sqrt(squares_theory.mean()))
    biases = group["difference_bias"].astype(float)
    return row | _mean("difference_bias", biases, settings)


def _mean(
    name: str,
    column: "pd.Series[float]",
    settings: Statistics,
    samples: Callable[["pd.Series[float]"], "pd.Series[float]"] = block_means,
) -> dict[str, Any]:
    """Return the mean of a column without its nulls, the ends of its interval, and raw values.

    Args:
        name: Name of the columns.
        column: One number per draw.
        settings: Settings of the bootstrap.
        samples: Map from the column to the raw values that the table keeps.
    """
    values = column.to_numpy(float)
    summary = mean_interval(values[~np.isnan(values)], settings)
    row: dict[str, Any] = dict(zip(with_interval(name), map(float, summary), strict=True))
    return row | raw_values(name, exact_samples(samples(column)))
