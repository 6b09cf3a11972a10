"""Gradients with respect to activities, by reverse mode."""

from typing import Any

from dirgrad.core import activities, activity_noise, blocks
from dirgrad.core.types import Array, Backend, Batch, Params
from support.cases import Case


def gradients_at_activities(
    backend: Backend, case: Case, params: Params, batch: Batch
) -> tuple[activities.Layers, Params]:
    """Return the layers, and the gradient of the loss of each example at its activities.

    The gradients have the names of the weights: (examples, ...).
    """
    ops = backend.ops

    (block,) = blocks.whole(case.problem, params, batch)

    def losses(own: Params) -> Array:
        return activity_noise.block_losses(ops, case.problem, block, batch, own)[0]

    def product(_: str, linear: Any, x: Array, weight: Array) -> Array:
        return linear.apply(x, weight)

    _, layers = activities.forward(losses, params, product)

    def sum_of_losses(shifts: Params) -> Array:
        def place(name: str, linear: Any, x: Array, weight: Array) -> Array:
            return linear.apply(x, weight) + shifts[name]

        return ops.sum(activities.forward(losses, params, place)[0])

    zeros = {name: ops.zeros_like(product) for name, product in layers.products().items()}
    _, gradients = ops.value_and_grad(sum_of_losses)(zeros)
    return layers, gradients
