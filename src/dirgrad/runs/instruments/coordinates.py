"""Moments of single coordinates of an estimate, with the closed forms that a law declares."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from dirgrad.core import closed_forms
from dirgrad.core.types import Estimator

Row: TypeAlias = dict[str, Any]


def moments(
    estimator: Estimator, values: np.ndarray, exact: np.ndarray, coordinates: np.ndarray
) -> tuple[list[Row], list[Row]]:
    """Return a row per coordinate with its moments, and a row per estimate.

    The row of an estimate e has the means over the coordinates of (e_i - g_i)^2 and (e_i - g_i)^4
    over their closed forms, whose expectations are 1. It is empty without closed forms.

    Args:
        estimator: The estimator.
        values: Chosen coordinates of each estimate, (draws, n).
        exact: The gradient g, (d,).
        coordinates: Indices of these coordinates, (n,).
    """
    gradient = exact[coordinates]
    rows = list(_measured(values, gradient, coordinates))
    theory = closed_forms.moments(estimator, gradient, float(np.linalg.norm(exact)))
    if theory is None:
        return rows, [{}] * len(values)
    variance, kurtosis = theory
    rows = [
        row | {"variance_theory": row_variance, "kurtosis_theory": row_kurtosis}
        for row, row_variance, row_kurtosis in zip(rows, variance, kurtosis, strict=True)
    ]
    squares = (values - gradient) ** 2
    second = (squares / variance).mean(axis=1)
    fourth = (squares**2 / (kurtosis * variance**2)).mean(axis=1)
    return rows, [
        {"coordinate_variance": x, "coordinate_fourth_moment": y}
        for x, y in zip(second, fourth, strict=True)
    ]


def _measured(values: np.ndarray, gradient: np.ndarray, coordinates: np.ndarray) -> Iterator[Row]:
    """Yield the moments of each coordinate of the estimates."""
    mean = values.mean(axis=0)
    variance = ((values - mean) ** 2).mean(axis=0)
    fourth_moment = ((values - mean) ** 4).mean(axis=0)
    for i, coordinate in enumerate(coordinates):
        kurtosis = fourth_moment[i] / variance[i] ** 2 if variance[i] else None
        yield {
            "coordinate": int(coordinate),
            "gradient": gradient[i],
            "mean": mean[i],
            "variance": variance[i],
            "draws": len(values),
            "kurtosis": kurtosis,
        }
