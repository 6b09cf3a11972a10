"""The instruments use the closed forms of components that are defined elsewhere, as in here."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from dirgrad.components.registry import component
from dirgrad.core.closed_forms import Shares, dimension
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import Backend, DirectionSampler, Estimate, Loss, Ops, Params
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, quality, stability
from support.confidence import z_bound
from support.measured import MLP, QUADRATIC, measurement_with_estimators, small_measurement
from support.ternary import Ternary


@component
class OneDirection:
    """A forward gradient along one ternary direction, with all its closed forms."""

    direction: ClassVar[Ternary] = Ternary()
    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    is_exact: ClassVar[bool] = True

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        v = sampler(0)
        value, slope = directional_derivative(ops, loss, params, v)
        return Estimate(value, slope, v)

    def signal_to_noise(self, shares: Shares) -> float:
        # E[v_i^4] = 2, so the excess is 0.
        return 1 / dimension(shares)

    def least_products(self, derivative: float) -> float:
        return 1 + derivative


def test_the_noise_of_a_new_law_has_a_theory_column(backend: Backend) -> None:
    measurement = small_measurement(backend, "quality", {"quadratic": QUADRATIC}, draws=4_000)
    measurement = replace(measurement, estimators={"new": OneDirection()})
    draws = quality.run(measurement, Context(backend))["draws"].to_pandas()
    assert (draws["signal_to_noise_theory"] == 1 / 10).all()
    error = draws["relative_squared_error"]
    assert abs(error.mean() - 10) < 4.5 * error.std() / np.sqrt(len(error))


TIED = {
    "pairs": ("antithetic", 4),
    "odd_pairs": ("antithetic", 3),
    "group": ({"kind": "orthogonal", "count": 4}, 4),
    "two_groups": ({"kind": "orthogonal", "count": 3}, 6),
}
"""Tied laws and numbers of directions, by the name of an estimator."""


def test_the_noise_of_tied_directions_has_a_theory_column(backend: Backend) -> None:
    estimators = {
        name: {"kind": "forward_gradient", "direction": direction, "num_directions": k}
        for name, (direction, k) in TIED.items()
    }
    measurement = measurement_with_estimators(
        backend, "quality", {"quadratic": QUADRATIC}, estimators, draws=4_000
    )
    draws = quality.run(measurement, Context(backend))["draws"].to_pandas()
    by_estimator = draws.groupby("estimator")
    theory = by_estimator["signal_to_noise_theory"].first()
    expected = {"pairs": 2 / 11, "odd_pairs": 9 / 55, "group": 4 / 6, "two_groups": 6 / 7}
    assert theory.to_dict() == pytest.approx(expected)
    error = by_estimator["relative_squared_error"].agg(["mean", "std"])
    z = (error["mean"] - 1 / theory) / (error["std"] / np.sqrt(4_000))
    assert (z.abs() < z_bound(len(TIED))).all()


def test_a_new_estimator_passes_the_oracle_and_has_a_flop_bound(backend: Backend) -> None:
    measurement = small_measurement(backend, "cost", {"mlp": MLP}, rounds=1, round_seconds=1e-4)
    measurement = replace(measurement, estimators={"new": OneDirection()})
    records = cost.run(measurement, Context(backend))["cost"].to_pandas()
    rows = records[records["estimator"] == "new"]
    assert (rows["status"] == "ok").all()
    forward = records.loc[records["part"] == "forward", "product_flops"].iloc[0]
    bound = 1 + rows["derivative_product_flops"] / forward
    np.testing.assert_allclose(rows["flop_bound_over_forward"], bound)


def test_a_law_without_a_stable_rate_has_a_null_in_its_column(backend: Backend) -> None:
    rates = {"lowest": 0.1, "highest": 1.0, "per_decade": 1}
    measurement = small_measurement(
        backend, "stability", {"quadratic": QUADRATIC}, rates=rates, steps=2, seeds=1
    )
    measurement = replace(measurement, estimators={"new": OneDirection()})
    records = stability.run(measurement, Context(backend))["stability"].to_pandas()
    assert (records["status"] == "ok").all()
    assert records["stable_rate_theory"].isna().all()
