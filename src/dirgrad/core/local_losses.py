"""Gradients of local losses: the loss of every block at its own head."""

from dirgrad.core import blocks
from dirgrad.core.blocks import Block, select
from dirgrad.core.types import Array, Batch, Ops, Params, Problem


def gradient(ops: Ops, problem: Problem, params: Params, batch: Batch) -> tuple[Array, Params]:
    """Return the loss of the last block, and the gradient of every block's own loss.

    Args:
        ops: Operations of the framework.
        problem: A problem with heads.
        params: Parameters. Every leaf is an array.
        batch: Minibatch.

    Returns:
        The loss of the network (), and arrays with the names and shapes of the parameters.

    Raises:
        NotImplementedError: The blocks of the problem have no heads.
    """
    all_gradients: Params = {}
    for block in blocks.of_problem(problem):
        loss, features, own_gradient = _of_block(ops, problem, block, params, batch)
        all_gradients |= own_gradient
        batch = (features, *batch[1:])
    return loss, {name: all_gradients[name] for name in params}


def _of_block(
    ops: Ops, problem: Problem, block: Block, params: Params, batch: Batch
) -> tuple[Array, Array, Params]:
    """Return the loss of a block, its features, and the gradient of the loss."""

    def part(own: Params) -> Array:
        return block.features(ops, own, batch[0])

    def head_loss(own: Params, features: Array) -> Array:
        return problem.criterion.loss(ops, block.head(ops, own, features), batch)

    features, pull = ops.vjp(part, select(params, block.names))
    loss, pull_head = ops.vjp(head_loss, select(params, block.head_names), features)
    of_head, of_features = pull_head(ops.zeros_like(loss) + 1)
    (of_part,) = pull(of_features)
    return loss, features, of_part | of_head
