"""Expected signal-to-noise ratio of an estimator at a gradient, by the closed forms of `theory`."""

from collections.abc import Mapping
from math import nan

import numpy as np

from dirgrad.components import registry
from dirgrad.core import theory
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator

PLAIN = ("forward_gradient", "finite_difference", "mezo")
"""Kinds of estimators that average slope times direction over their directions."""


def signal_to_noise(
    estimator: Estimator | OnlineEstimator, gradient: Mapping[str, np.ndarray]
) -> float:
    """Return ||g||^2 / E||estimate - g||^2 at the gradient g, or NaN without a closed form.

    Args:
        estimator: the estimator.
        gradient: g, like the parameters.
    """
    kind = registry.kind(estimator)
    law = registry.distribution_name(estimator.direction)
    num_directions = estimator.num_directions
    dimension = sum(leaf.size for leaf in gradient.values())
    if kind == "projected_forward_gradient" and law == "gaussian":
        scale: str = estimator.scale  # type: ignore[union-attr]
        return theory.projected_signal_to_noise(scale, num_directions, dimension)
    if kind not in PLAIN:
        return nan
    rank = getattr(estimator.direction, "rank", 1)
    return theory.signal_to_noise(law, num_directions, dimension, _shares(gradient), rank)


def _shares(gradient: Mapping[str, np.ndarray]) -> list[theory.GradientShare]:
    """Return the share of each array in ||g||^2; all shares are 0 if g is 0."""
    leaves = gradient.values()
    squares = [float((leaf.astype(float) ** 2).sum()) for leaf in leaves]
    total = sum(squares) or 1.0
    return [
        theory.GradientShare(leaf.shape, square / total)
        for leaf, square in zip(leaves, squares, strict=True)
    ]
