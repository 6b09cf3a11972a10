"""Gradients with respect to activities, by reverse mode."""

from typing import Any

from dirgrad.core import activities
from dirgrad.core.types import Array, Backend, Batch, Params
from support.cases import Case


def gradients_at_activities(
    backend: Backend, case: Case, params: Params, batch: Batch
) -> tuple[activities.Layers, Params]:
    """Return the layers, and the gradient of the loss of each example at its activities.

    The gradients have the names of the weights: (examples, ...).
    """
    ops = backend.ops

    def product(_: str, linear: Any, x: Array, weight: Array) -> Array:
        return linear.apply(x, weight)

    _, layers = activities.forward(ops, case.problem, params, batch, product)

    def sum_of_losses(shifts: Params) -> Array:
        def place(name: str, linear: Any, x: Array, weight: Array) -> Array:
            return linear.apply(x, weight) + shifts[name]

        outputs, _ = activities.forward(ops, case.problem, params, batch, place)
        return ops.sum(activities.losses_of_examples(ops, case.problem, outputs, batch))

    zeros = {name: ops.zeros_like(product) for name, product in layers.products().items()}
    _, gradients = ops.value_and_grad(sum_of_losses)(zeros)
    return layers, gradients
