"""The random level of a telescoping difference removes the truncation error of a difference."""

from typing import ClassVar

import numpy as np
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.telescoping_difference import TelescopingDifference
from dirgrad.components.registry import component
from dirgrad.core import steps, tree
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Backend, Batch, Criterion, Estimator, Key, Ops, Params
from support.confidence import z_bound
from support.estimates import materialize

EPS = 0.5
X = 0.7
LANES = 4_000


@component
class Ones:
    """The direction 1 in one dimension, along which the bias of a difference cannot cancel."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return tree.map(lambda leaf: ops.zeros_like(leaf) + 1, like)


@component
class Cubic:
    """The function x^3 of one variable."""

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"x": np.array([X])}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        x = params["x"]
        return ops.sum(x * x * x)


def slopes(backend: Backend, estimator: Estimator) -> np.ndarray:
    """Draw one slope of x^3 at X per lane: (LANES,)."""
    params = {"x": backend.ops.asarray(np.array([X]))}

    def slope(key: Key) -> Array:
        estimate = steps.estimate(backend.ops, Cubic(), estimator, key, params, ())
        return materialize(estimate)["x"][0]

    keys = backend.engine.keys(np.arange(LANES))
    return backend.engine.to_numpy(backend.engine.vmap_trials(slope, (), LANES)(keys))


def is_unbiased(drawn: np.ndarray) -> bool:
    """Return whether the mean slope is the derivative 3 X^2, within the bound and rounding."""
    error = abs(drawn.mean() - 3 * X**2)
    return bool(error < z_bound(2) * drawn.std() / np.sqrt(LANES) + 1e-8)


def test_the_mean_slope_is_the_derivative_where_a_plain_difference_is_biased(
    backend: Backend,
) -> None:
    telescoping = slopes(backend, TelescopingDifference(Ones(), scheme="forward", eps=EPS))
    assert is_unbiased(telescoping)
    # The bound detects a bias far below the one of the plain difference.
    assert z_bound(2) * telescoping.std() / np.sqrt(LANES) < 0.02
    plain = slopes(backend, FiniteDifference(Ones(), scheme="forward", eps=EPS))
    assert plain.mean() - 3 * X**2 == pytest.approx(EPS / 2 * 6 * X + EPS**2)
    assert not is_unbiased(plain)


def slope_at(
    backend: Backend, estimator: TelescopingDifference, level: int, power: int = 5
) -> float:
    """Return the slope of x^power at X on one level, counted from 0."""
    ops = backend.ops
    params, v = ({"x": ops.asarray(np.array(x))} for x in (X, 1.0))

    def loss(params: Params) -> Array:
        return params["x"] ** power

    index = ops.arange(level + 1)[level]
    estimate = estimator.estimate_at(ops, loss, params, lambda _: v, index)
    return float(estimate.scale)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_the_mean_over_all_levels_is_the_difference_with_the_step_after_the_last(
    backend: Backend, scheme: str
) -> None:
    levels = 4
    estimator = TelescopingDifference(Gaussian(), scheme=scheme, eps=EPS, levels=levels)
    by_level = [slope_at(backend, estimator, level) for level in range(levels)]
    h = EPS / 2**levels
    below = -h if scheme == "central" else 0.0
    expected = ((X + h) ** 5 - (X + below) ** 5) / (h - below)
    assert estimator.probabilities().sum() == 1
    assert estimator.probabilities() @ by_level == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("scheme", "power"), [("forward", 2), ("central", 3)])
def test_every_level_gives_the_derivative_of_a_low_power(
    backend: Backend, scheme: str, power: int
) -> None:
    estimator = TelescopingDifference(Gaussian(), scheme=scheme, eps=EPS)
    for level in range(6):
        slope = slope_at(backend, estimator, level, power)
        assert slope == pytest.approx(power * X ** (power - 1), rel=1e-8)


@pytest.mark.parametrize(("scheme", "most"), [("forward", 31), ("central", 16)])
def test_levels_beyond_the_random_bits_are_refused(scheme: str, most: int) -> None:
    estimator = TelescopingDifference(Gaussian(), scheme=scheme, eps=EPS)
    assert len(estimator.probabilities()) == most
    assert (estimator.probabilities() * 2**30 >= 1).all()
    with pytest.raises(ValueError, match=f"give at most {most}"):
        TelescopingDifference(Gaussian(), scheme=scheme, eps=EPS, levels=most + 1)
