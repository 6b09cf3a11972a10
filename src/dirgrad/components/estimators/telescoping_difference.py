from typing import Annotated, Any, Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.estimators._averaging import average_over_directions
from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.closed_forms import (
    Shares,
    least_products_of_evaluations,
    mean_signal_to_noise,
)
from dirgrad.core.perturbation import loss_after_step
from dirgrad.core.steps import direction_sampler
from dirgrad.core.types import (
    Array,
    Direction,
    DirectionSampler,
    Estimate,
    Key,
    Loss,
    Ops,
    Params,
)

LEVEL_KEY = 2**31 - 1
"""Index of the random key of the level, larger than the index of any direction."""
OUTCOMES = 2**30
"""Number of equally probable integers that decide the level."""
MOST_LEVELS = {"forward": 31, "central": 16}
"""Largest number of levels whose probabilities are multiples of 1 / OUTCOMES."""


@component
class TelescopingDifference:
    """Finite differences whose truncation error is removed by a random term of a series.

    Ma and Huang 2025 (arXiv 2510.19953) write a directional derivative as a telescoping series and
    sample from it. We know the abstract only, so the steps and probabilities below are ours.

    Estimates: Let d(h) be the difference with step h along v, as in `finite_difference`, and
        h_n = eps / 2^(n-1). One level n is drawn for all K directions, with the probability p_n.
        The slope is d(h_1) + (d(h_(n+1)) - d(h_n)) / p_n. Its mean over n is the sum of the
        series, d(h_(L+1)) for L levels, and g . v for infinitely many. p_n falls like 2^-n
        (`forward`) or 4^-n (`central`), as the terms do. So every n gives g . v if the loss is
        quadratic (`forward`) or cubic (`central`).
    Cost: It evaluates the loss 3 K + 1 times (`forward`) or 6 K times (`central`).
    Error: The last level leaves about 2^-L (`forward`) or 4^-L (`central`) of the bias of d(eps).
        Rounding adds about u |f| / (h_n p_n), where u is the unit roundoff. This grows like 4^n
        or 8^n, and is rare but large. In floating point, a very small h moves nothing and d(h) is
        0, and so would be the mean over all levels. `levels` should end before rounding prevails.
    Assumes: The directions satisfy E[v v^T] = I.
    """

    direction: Annotated[Direction, component_field("directions")]
    """Law of the directions v."""
    scheme: Literal["forward", "central"]
    """One-sided (`forward`) or two-sided (`central`) differences."""
    eps: PositiveFloat
    """Largest step along a direction of length about sqrt(d)."""
    levels: PositiveInt | None = None
    """L, the number of levels. null is the largest number, 31 (`forward`) or 16 (`central`), which
    30 random bits allow."""
    num_directions: PositiveInt = 1
    """K, the number of directions averaged in one estimate."""

    def __post_init__(self) -> None:
        most = MOST_LEVELS[self.scheme]
        if self.levels is not None and self.levels > most:
            raise ValueError(
                f"levels = {self.levels} is too many: with the scheme {self.scheme}, give at "
                f"most {most}"
            )

    @property
    def evaluations(self) -> int:
        return 3 * self.num_directions + 1 if self.scheme == "forward" else 6 * self.num_directions

    def probabilities(self) -> np.ndarray:
        """Return p_1, ..., p_L. The last one is the sum of the rest of the series: (L,)."""
        ratio = 0.5 if self.scheme == "forward" else 0.25
        num_levels = self.levels or MOST_LEVELS[self.scheme]
        tails = ratio ** np.arange(num_levels)
        probabilities: np.ndarray = tails - np.append(tails[1:], 0.0)
        return probabilities

    def init_state(self, ops: Ops, params: Params) -> Any:
        """Return the empty state: every estimate draws its own level."""
        return ()

    def estimate_and_learn(
        self, ops: Ops, loss: Loss, params: Params, state: Any, key: Key
    ) -> tuple[Estimate, Any]:
        sampler = direction_sampler(ops, self, key, params)
        # Every probability is a multiple of 1 / OUTCOMES, so the limits are exact.
        limits = ops.asarray((OUTCOMES * np.cumsum(self.probabilities())[:-1]).astype(int))
        drawn = ops.randint(ops.fold_in(key, LEVEL_KEY), OUTCOMES)
        level = ops.sum(drawn >= limits)
        return self.estimate_at(ops, loss, params, sampler, level), state

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        """Return the estimate at the first level, which is the most probable one."""
        return self.estimate_at(ops, loss, params, sampler, ops.arange(1)[0])

    def estimate_at(
        self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler, level: Array
    ) -> Estimate:
        """Return the estimate at a given level n, where `level` is n - 1: ()."""
        like = tree.first_leaf(params)
        probabilities = self.probabilities()
        chosen = ops.one_hot(level, len(probabilities), like)
        steps = ops.constant(0.5 ** np.arange(len(probabilities)), like)
        step = self.eps * ops.sum(chosen * steps)
        inverse_probability = ops.sum(chosen * ops.constant(1 / probabilities, like))
        value = loss(params) if self.scheme == "forward" else None

        def difference(step: Array | float, v: Params) -> tuple[Array, Array]:
            above = loss_after_step(ops, loss, params, v, step)
            if value is not None:
                return value, (above - value) / step
            below = loss_after_step(ops, loss, params, v, -step)
            return (above + below) / 2, (above - below) / (2 * step)

        def differentiate(v: Params) -> tuple[Array, Array]:
            _, first = difference(self.eps, v)
            _, coarse = difference(step, v)
            mean_loss, fine = difference(step / 2, v)
            return mean_loss, first + inverse_probability * (fine - coarse)

        return average_over_directions(ops, differentiate, sampler, params, self.num_directions)

    def signal_to_noise(self, shares: Shares) -> float:
        """Return K / (d + the excess of the mean over K directions), for a small eps."""
        return mean_signal_to_noise(self.direction, self.num_directions, shares)

    def least_products(self, derivative: float) -> float:
        """Return the least number of products for the evaluations of the loss."""
        return least_products_of_evaluations(self.direction, self.evaluations, derivative)
