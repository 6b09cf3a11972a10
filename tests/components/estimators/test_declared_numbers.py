"""An estimator counts its evaluations and declares its products, its noise and its mean."""

from dataclasses import replace
from math import nan
from typing import NamedTuple

import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.checkpointed_backprop import CheckpointedBackprop
from dirgrad.components.estimators.checkpointed_bptt import CheckpointedBptt
from dirgrad.components.estimators.clipped_forward_gradient import ClippedForwardGradient
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.hyperplane_search import HyperplaneSearch
from dirgrad.components.estimators.mezo import Mezo
from dirgrad.components.estimators.population_difference import PopulationDifference
from dirgrad.components.estimators.projected_forward_gradient import ProjectedForwardGradient
from dirgrad.components.estimators.rtrl import Rtrl
from dirgrad.components.estimators.telescoping_difference import TelescopingDifference
from dirgrad.components.estimators.truncated_bptt import TruncatedBptt
from dirgrad.components.estimators.uoro import Uoro
from dirgrad.core import closed_forms
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.types import Estimator

SHARES = [GradientShare((2, 2), 0.5), GradientShare((3,), 0.5)]
"""Shares of a gradient with 7 entries."""
DERIVATIVE = 1.75
"""Products of one derivative, relative to the products of the loss."""


class Declared(NamedTuple):
    """Numbers that an estimator declares; NaN stands for no declaration.

    Attributes:
        estimator: The estimator.
        evaluations: Evaluations of the loss for one estimate.
        products: Least number of products, relative to the loss.
        noise: E||e - g||^2 / ||g||^2.
        is_exact: Whether it is exact along its directions.
    """

    estimator: Estimator
    evaluations: int
    products: float
    noise: float
    is_exact: bool = False


G = Gaussian()
DECLARED = {
    "backprop": Declared(Backprop(), 1, 2.75, nan, True),
    "checkpointed backprop": Declared(CheckpointedBackprop(segment=2), 2, nan, nan, True),
    "one": Declared(ForwardGradient(direction=G), 1, 2.75, 8.0, True),
    "three": Declared(ForwardGradient(direction=G, num_directions=3), 3, 1 + 3 * 1.75, 8 / 3, True),
    "rank one": Declared(
        ForwardGradient(direction=RankOne(), num_directions=3), 3, 1 + 3 * 0.75, 6 / 3, True
    ),
    "clipped": Declared(
        ClippedForwardGradient(direction=G, bound=1.0, num_directions=3), 3, nan, nan
    ),
    "forward": Declared(
        FiniteDifference(direction=G, scheme="forward", eps=0.1, num_directions=3), 4, 4.0, 8 / 3
    ),
    "central": Declared(
        FiniteDifference(direction=G, scheme="central", eps=0.1, num_directions=3), 6, 6.0, 8 / 3
    ),
    "mezo": Declared(Mezo(direction=G, eps=0.1), 2, 2.0, 8.0),
    "telescoping forward": Declared(
        TelescopingDifference(direction=G, scheme="forward", eps=0.1, num_directions=3),
        10,
        10.0,
        8 / 3,
    ),
    "telescoping central": Declared(
        TelescopingDifference(direction=G, scheme="central", eps=0.1), 6, 6.0, 8.0
    ),
    "population forward": Declared(
        PopulationDifference(direction=G, scheme="forward", eps=0.1, num_directions=3), 4, 4.0, nan
    ),
    "population rank one": Declared(
        PopulationDifference(direction=RankOne(), scheme="forward", eps=0.1, num_directions=3),
        4,
        1 + 3 * 0.75,
        nan,
    ),
    "population central": Declared(
        PopulationDifference(direction=G, scheme="central", eps=0.1, num_directions=3), 6, 6.0, nan
    ),
    "projection": Declared(
        ProjectedForwardGradient(direction=G, num_directions=3), 3, 1 + 3 * 1.75, 1 - 3 / 7
    ),
    "unbiased": Declared(
        ProjectedForwardGradient(direction=G, num_directions=3, scale="unbiased"),
        3,
        1 + 3 * 1.75,
        7 / 3 - 1,
    ),
    "line search": Declared(HyperplaneSearch(direction=G), 1, nan, nan),
    "hyperplane": Declared(HyperplaneSearch(direction=G, num_directions=3), 9, nan, nan),
    "truncated bptt": Declared(TruncatedBptt(window=2), 1, nan, nan),
    "checkpointed bptt": Declared(CheckpointedBptt(segment=2), 2, nan, nan),
    "rtrl": Declared(Rtrl(), 1, nan, nan),
    "uoro": Declared(Uoro(), 1, nan, nan),
}
WITHOUT_DIRECTIONS = {
    "backprop",
    "checkpointed backprop",
    "truncated bptt",
    "checkpointed bptt",
    "rtrl",
}
WITH_ONE_DIRECTION = {"one", "mezo", "telescoping central", "line search", "uoro"}


@pytest.mark.parametrize("name", DECLARED)
def test_an_estimator_declares_these_numbers(name: str) -> None:
    estimator, evaluations, products, noise, is_exact = DECLARED[name]
    assert estimator.evaluations == evaluations
    least_products = closed_forms.least_products(estimator, DERIVATIVE)
    assert least_products == pytest.approx(products, nan_ok=True)
    snr = closed_forms.signal_to_noise(estimator, SHARES)
    assert 1 / snr == pytest.approx(noise, nan_ok=True)
    assert closed_forms.is_exact(estimator) is is_exact


@pytest.mark.parametrize("name", DECLARED)
def test_an_estimator_declares_how_many_directions_an_estimate_takes(name: str) -> None:
    expected = 0 if name in WITHOUT_DIRECTIONS else 1 if name in WITH_ONE_DIRECTION else 3
    assert DECLARED[name].estimator.num_directions == expected
    assert (DECLARED[name].estimator.direction is None) is (expected == 0)


@pytest.mark.parametrize("name", ["clipped", "hyperplane", "population central", "truncated bptt"])
def test_an_estimator_with_an_unknown_bias_declares_no_mean(name: str) -> None:
    mean = DECLARED[name].estimator.expected_projection(SHARES)
    assert mean == pytest.approx(nan, nan_ok=True)


@pytest.mark.parametrize("name", ["one", "forward", "mezo"])
def test_the_cosine_of_one_direction_is_the_cosine_of_its_law(name: str) -> None:
    estimator = DECLARED[name].estimator
    if name == "forward":
        estimator = replace(estimator, num_directions=1)
    # E|u_1| on the unit sphere of dimension 7 is Gamma(7/2) / (sqrt(pi) Gamma(4)) = 15/48.
    assert closed_forms.cosine(estimator, SHARES) == pytest.approx(15 / 48)
