"""Steps take no more matrix products than the closed form that the estimator declares."""

import pytest

from dirgrad import backends
from dirgrad.core import closed_forms
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
    least = closed_forms.least_products(estimator, MLP_DERIVATIVE_PRODUCTS / loss_products)
    step_products = program_counts(backend, program)["product_flops"]
    assert step_products == pytest.approx(least * loss_products)


def test_a_step_along_outer_products_in_torch_takes_exactly_the_least_products() -> None:
    backend = backends.load("torch", 1, "float32")
    step = small_step(backend, "mlp-rank_one")
    derivative = MLP_DERIVATIVE_PRODUCTS / MLP_PRODUCTS
    least = closed_forms.least_products(step.estimator, derivative)
    step_products = program_counts(backend, step.program)["product_flops"]
    assert least * MLP_PRODUCTS == pytest.approx(step_products)
