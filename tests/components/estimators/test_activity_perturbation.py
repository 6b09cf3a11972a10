"""Noise on activities gives an unbiased estimate, whose variance has a closed form."""

from itertools import pairwise

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.estimators.activity_perturbation import ActivityPerturbation
from dirgrad.core import steps, tree
from dirgrad.core.types import Backend, Direction, Params
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost
from support.activities import gradients_at_activities
from support.cases import BATCH, CASES, DIRECTIONS, loss_of, placed, placed_batch, to_numpy
from support.confidence import z_bound
from support.measured import measurement_with_estimators

CASE = CASES["mlp"]


def estimates(backend: Backend, estimator: ActivityPerturbation, lanes: int) -> Params:
    """Draw one estimate per lane: arrays (lanes, ...)."""
    params, batch = placed(backend, CASE.params()), placed_batch(backend, CASE.batch())

    def estimate(key):
        result = steps.estimate(backend.ops, CASE.problem, estimator, key, params, batch)
        return tree.materialize(tree.scale(result.scale, result.vector))

    keys = backend.engine.keys(np.arange(lanes))
    return to_numpy(backend, backend.engine.vmap_trials(estimate, (), lanes)(keys))


def gradient(backend: Backend) -> Params:
    params = placed(backend, CASE.params())
    return to_numpy(backend, backend.ops.value_and_grad(loss_of(backend, CASE))(params)[1])


@pytest.mark.parametrize("name", DIRECTIONS)
@pytest.mark.parametrize("num_directions", [1, 2])
def test_the_estimate_is_unbiased_for_every_law(name: str, num_directions: int) -> None:
    backend = backends.load("jax", 1, "float64")
    estimator = ActivityPerturbation(direction=DIRECTIONS[name], num_directions=num_directions)
    lanes = 2_000
    drawn, exact = estimates(backend, estimator, lanes), gradient(backend)
    products = sum((drawn[leaf] * exact[leaf]).reshape(lanes, -1).sum(1) for leaf in exact)
    projection = products / sum((leaf**2).sum() for leaf in exact.values())
    standard_error = projection.std() / np.sqrt(lanes)
    assert abs(projection.mean() - 1) < z_bound(1) * standard_error


def expected_variances(backend: Backend, fourth_moment: float) -> dict[str, float]:
    """Return the sum of the variances of the entries of every weight, by the closed form."""
    params, batch = placed(backend, CASE.params()), placed_batch(backend, CASE.batch())
    layers, gradients = gradients_at_activities(backend, CASE, params, batch)
    inputs, d = to_numpy(backend, layers.inputs()), to_numpy(backend, gradients)
    norms = sum((leaf**2).sum(1) for leaf in d.values())
    variances = {}
    for name, x in inputs.items():
        own = d[name].shape[1] * norms + (fourth_moment - 2) * (d[name] ** 2).sum(1)
        variances[name] = float(((x**2).sum(1) * own).sum() / BATCH**2)
    return variances


@pytest.mark.parametrize(("law", "fourth_moment"), [(Gaussian(), 3.0), (Rademacher(), 1.0)])
def test_the_variance_of_each_layer_has_its_closed_form(
    backend: Backend, law: Direction, fourth_moment: float
) -> None:
    lanes = 4_000
    drawn = estimates(backend, ActivityPerturbation(direction=law), lanes)
    exact, expected = gradient(backend), expected_variances(backend, fourth_moment)
    for name, variance in expected.items():
        errors = ((drawn[name] - exact[name]) ** 2).reshape(lanes, -1).sum(1)
        standard_error = errors.std() / np.sqrt(lanes)
        assert abs(errors.mean() - variance) < z_bound(2 * len(expected)) * standard_error
        # The bound detects an error of a few percent.
        assert z_bound(2 * len(expected)) * standard_error < 0.25 * variance


def test_an_estimate_multiplies_as_often_as_the_estimator_states(backend: Backend) -> None:
    """Each direction but the first computes the values behind the first layer once more."""
    widths = (64, 12, 12, 10)
    estimators = {
        f"k{k}": {"kind": "activity_perturbation", "direction": "rademacher", "num_directions": k}
        for k in (1, 3)
    }
    measurement = measurement_with_estimators(
        backend,
        "cost",
        {"mlp": {"kind": "mlp", "dataset": "digits", "hidden": list(widths[1:-1])}},
        estimators,
        rounds=1,
        round_seconds=1e-4,
    )
    rows = cost.run(measurement, Context(backend))["cost"].to_pandas()
    assert (rows["status"] == "ok").all()
    forward = rows.loc[rows["part"] == "forward", "product_flops"].iloc[0]
    steps_only = rows[rows["part"] == "step"].set_index("estimator")
    bounds = steps_only["flop_bound_over_forward"] * forward
    products = [m * n for m, n in pairwise(widths)]
    again = 2 * forward * sum(products[1:]) / sum(products)
    assert steps_only["product_flops"]["k1"] == pytest.approx(bounds["k1"])
    assert steps_only["product_flops"]["k3"] == pytest.approx(bounds["k3"] + again)
