"""What the closed forms say of an estimator at a gradient."""

from collections.abc import Mapping
from math import nan

import numpy as np

from dirgrad.components import registry
from dirgrad.core import theory
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator

PLAIN = ("forward_gradient", "finite_difference", "mezo")
"""The estimators of the mean over directions of slope times direction."""


def signal_to_noise(
    estimator: Estimator | OnlineEstimator, gradient: Mapping[str, np.ndarray]
) -> float:
    """||g||^2 / E||estimate - g||^2 at the gradient g, like the parameters; NaN where no closed form is known."""
    kind, dimension = registry.kind(estimator), sum(leaf.size for leaf in gradient.values())
    law = registry.distribution_name(estimator.direction)
    if kind == "projected_forward_gradient" and law == "gaussian":
        return theory.projected_signal_to_noise(
            estimator.scale, estimator.num_directions, dimension
        )  # type: ignore[union-attr]
    if kind not in PLAIN:
        return nan
    total = sum(float((leaf.astype(float) ** 2).sum()) for leaf in gradient.values()) or 1.0
    parts = [
        theory.GradientShare(leaf.shape, float((leaf.astype(float) ** 2).sum()) / total)
        for leaf in gradient.values()
    ]
    return theory.signal_to_noise(
        law, estimator.num_directions, dimension, parts, getattr(estimator.direction, "rank", 1)
    )
