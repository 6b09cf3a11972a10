"""Noise on the activities of every example, and the gradient that the slopes along it estimate."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

from dirgrad.core import tree
from dirgrad.core.activities import Layers, forward, parameter_gradient
from dirgrad.core.blocks import Block, select
from dirgrad.core.perturbation import LinearMap
from dirgrad.core.recurrent import Recurrent
from dirgrad.core.types import Array, Batch, Estimate, Ops, Params, Problem, VectorSampler

Network: TypeAlias = Callable[[Params], tuple[Array, Array]]
"""Map from the parameters of a block to the losses of the examples and the features."""
Values: TypeAlias = tuple[Array, Array, Params, Params]
"""The losses, the features, the inputs of all layers, and the product of the first layer."""


def losses_of_examples(ops: Ops, problem: Problem, outputs: Array, batch: Batch) -> Array:
    """Return the loss of every example: (examples,).

    Their mean is the loss of the minibatch if the criterion is a mean over the examples, or over
    their targets where each example has equally many.
    """

    def loss(rows: Array, *example: Array) -> Array:
        single = tuple(array[None] for array in example)
        return problem.criterion.loss(ops, rows, single)

    # The outputs have one row per target, and the rows of an example are consecutive.
    num_examples = batch[0].shape[0]
    rows = outputs.reshape(num_examples, -1, *outputs.shape[1:])
    losses: Array = ops.vmap(loss)(rows, *batch)
    return losses


def block_losses(
    ops: Ops, problem: Problem, block: Block, batch: Batch, params: Params
) -> tuple[Array, Array]:
    """Return the loss of every example at a block, and the features: (examples,), (examples, ...).

    Args:
        ops: Operations of the framework.
        problem: The problem, for its criterion.
        block: The block.
        batch: Inputs of the block, and the targets of the minibatch.
        params: Parameters of the block and of its head.
    """
    features = block.features(ops, params, batch[0])
    outputs = block.head(ops, params, features)
    return losses_of_examples(ops, problem, outputs, batch), features


def layers(
    ops: Ops, problem: Problem, blocks: tuple[Block, ...], params: Params, batch: Batch
) -> Layers:
    """Return the layers of all blocks in a pass that computes no product: every product is 0.

    Raises:
        NotImplementedError: The problem has no examples, or other uses of its parameters.
    """
    if not batch or isinstance(problem, Recurrent):
        raise NotImplementedError(
            "a perturbation of activities needs a network that maps each example to outputs in one "
            "pass: use an estimator that perturbs the parameters"
        )

    def place(_: str, linear: LinearMap, x: Array, weight: Array) -> Array:
        return ops.zeros(linear.value_shape(x, weight), weight)

    all_layers = Layers()
    for block in blocks:
        own = select(params, block.names + block.head_names)
        network = partial(block_losses, ops, problem, block, batch)
        (_, features), met = forward(network, own, place)
        all_layers.by_weight |= met.by_weight
        all_layers.weight_of_bias |= met.weight_of_bias
        batch = (features, *batch[1:])
    return all_layers


class Pass(NamedTuple):
    """A pass through one block, and the slopes along one vector of noise.

    Attributes:
        network: The block as a function of its parameters, see `block_losses`.
        params: Parameters of the block and of its head.
        losses: Loss of every example at the block: (examples,).
        slopes: Derivative of every loss along the noise: (examples,).
        inputs: Input of every layer by the name of its weight: (examples, ...).
        first: Product of the first layer, by the name of its weight: (examples, ...).
    """

    network: Network
    params: Params
    losses: Array
    slopes: Array
    inputs: Params
    first: Params


def passes(
    ops: Ops,
    problem: Problem,
    blocks: tuple[Block, ...],
    params: Params,
    batch: Batch,
    noise: Params,
) -> list[Pass]:
    """Compute the network once, block by block, with the slopes along noise at its activities.

    The noise of a block moves the loss of this block only.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        blocks: Its blocks.
        params: Parameters. Every leaf is an array.
        batch: Minibatch.
        noise: Noise by the name of the weight, as arrays with the shapes of the activities.
    """
    through: list[Pass] = []
    for block in blocks:
        own = select(params, block.names + block.head_names)
        network = partial(block_losses, ops, problem, block, batch)
        (losses, features, inputs, first), slopes = _along(ops, network, own, noise, {})
        through.append(Pass(network, own, losses, slopes, inputs, first))
        batch = (features, *batch[1:])
    return through


def slopes_along(ops: Ops, through: Pass, noise: Params) -> Array:
    """Return the derivative of the loss of every example along further noise: (examples,).

    The product of the first layer of the block is not computed again.

    Args:
        ops: Operations of the framework.
        through: The pass through the block.
        noise: Noise by the name of the weight, as arrays with the shapes of the activities.
    """
    _, slopes = _along(ops, through.network, through.params, noise, through.first)
    return slopes


def _along(
    ops: Ops, network: Network, params: Params, noise: Params, products: Params
) -> tuple[Values, Array]:
    """Differentiate a block along noise at its activities, with some products given.

    Returns:
        The values, and the slopes of the losses.
    """

    def values(step: Array) -> Values:
        def place(name: str, linear: LinearMap, x: Array, weight: Array) -> Array:
            if name in products:
                return ops.linear_jvp(_identity, products[name], weight, step, 1.0, noise[name])
            return ops.linear_jvp(linear.apply, x, weight, step, 1.0, noise[name])

        (losses, features), met = forward(network, params, place)
        # JAX sorts the names of a result, so the name of the first layer stays with its product.
        first = next(iter(met.by_weight))
        return losses, features, met.inputs(), {first: met.by_weight[first].product}

    zero = ops.zeros((), tree.first_leaf(params))
    result, (slopes, *_) = ops.jvp(values, (zero,), (zero + 1,))
    return result, slopes


def _identity(x: Array, weight: Array) -> Array:
    return x


def estimate(
    ops: Ops,
    problem: Problem,
    blocks: tuple[Block, ...],
    params: Params,
    batch: Batch,
    draw: VectorSampler,
    num_directions: int,
) -> Estimate:
    """Estimate the gradient of every block's loss with respect to its parameters.

    One vector of noise is in memory at a time.

    Args:
        ops: Operations of the framework.
        problem: The problem.
        blocks: Its blocks. Their parameters have the gradient of their own loss, and all other
            parameters have the gradient 0.
        params: Parameters. Every leaf is an array.
        batch: Minibatch.
        draw: Sampler of the noise, which is drawn like the activities of the whole minibatch.
        num_directions: K, the number of noise vectors per example.

    Returns:
        The mean of the K estimates, with the loss of the last block.
    """
    met = layers(ops, problem, blocks, params, batch)
    like = met.products()
    noise = draw(0, like)
    through = passes(ops, problem, blocks, params, batch, noise)
    total = {name: _times(block.slopes, noise[name]) for block in through for name in block.inputs}

    def add(total: Params, j: Array) -> tuple[Params, Array]:
        noise = draw(j, like)
        result = {}
        for block in through:
            slopes = slopes_along(ops, block, noise)
            for name in block.inputs:
                result[name] = total[name] + _times(slopes, noise[name])
        return result, ops.zeros((), slopes)

    if num_directions > 1:
        total, _ = ops.scan(add, total, ops.arange(num_directions - 1) + 1)
    inputs = {name: x for block in through for name, x in block.inputs.items()}
    vector = parameter_gradient(ops, met, inputs, total, params)
    losses = through[-1].losses
    return Estimate(ops.mean(losses), 1 / (losses.shape[-1] * num_directions), vector)


def _times(slopes: Array, noise: Array) -> Array:
    """Return the noise of every example times its slope."""
    return slopes.reshape(-1, *(1,) * (noise.ndim - 1)) * noise
