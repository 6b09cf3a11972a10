"""Steps take no more matrix products than the closed form `theory.least_products`."""

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.core import theory
from dirgrad.runs.instruments import programs
from support.small_steps import (
    MLP_DERIVATIVE_PRODUCTS,
    MLP_PRODUCTS,
    program_counts,
    small_step,
)


@pytest.mark.parametrize(
    "name",
    [
        "mlp-backprop",
        "mlp-forward",
        "mlp-forward_difference",
        "mlp-central_difference",
        "mlp-replayed_difference",
        "mlp-mezo",
    ],
)
def test_a_step_in_jax_takes_exactly_the_least_products(name: str) -> None:
    backend = backends.load("jax", 1, "float32")
    estimator, workload, program = small_step(backend, name)
    loss_products = program_counts(backend, programs.forward(workload))["product_flops"]
    assert loss_products == MLP_PRODUCTS
    least = theory.least_products(
        estimator=registry.kind(estimator),
        direction=registry.kind(estimator.direction) if estimator.direction else "",
        evaluations=estimator.evaluations,
        num_directions=estimator.num_directions,
        derivative=MLP_DERIVATIVE_PRODUCTS / loss_products,
    )
    step_products = program_counts(backend, program)["product_flops"]
    assert step_products == pytest.approx(least * loss_products)


def test_a_step_along_outer_products_in_torch_takes_exactly_the_least_products() -> None:
    backend = backends.load("torch", 1, "float32")
    step = small_step(backend, "mlp-rank_one")
    least = theory.least_products(
        estimator="forward_gradient",
        direction="rank_one",
        evaluations=1,
        num_directions=1,
        derivative=MLP_DERIVATIVE_PRODUCTS / MLP_PRODUCTS,
    )
    step_products = program_counts(backend, step.program)["product_flops"]
    assert least * MLP_PRODUCTS == pytest.approx(step_products)


def test_k_directions_share_an_evaluation_and_uoro_has_no_closed_form() -> None:
    assert theory.least_products("forward_gradient", "gaussian", 4, 4, 1.5) == 1 + 4 * 1.5
    assert np.isnan(theory.least_products("uoro", "gaussian", 1, 0, 1.5))
