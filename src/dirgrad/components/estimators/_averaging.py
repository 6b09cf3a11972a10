"""The mean over directions of slope times direction: what the exact and the difference estimators share."""

from collections.abc import Callable

from dirgrad.core import tree
from dirgrad.core.types import Array, DirectionSampler, Estimate, Ops, Params

DirectionalDerivative = Callable[[Params], tuple[Array, Array]]
"""v -> (loss, g . v)."""


def average_over_directions(
    ops: Ops, along: DirectionalDerivative, source: DirectionSampler, params: Params, count: int
) -> Estimate:
    """Approximates: the gradient g by (1/K) sum_j (g . v_j) v_j.
    With: K = count directions v_j = source(j): all at once where they are outer products, else one in memory at a time.
    Requires: E[v v^T] = I and along(v) = (loss, g . v).
    """
    if count == 1:
        direction = source(0)
        loss, slope = along(direction)
        return Estimate(loss, slope, tree.depend_on(ops, slope, direction))
    if is_compact(source(0), params):
        directions, loss, slopes = jvp_batch(ops, along, source, count)
        return Estimate(loss, 1 / count, tree.weighted_sum(slopes, directions))
    return _one_by_one(ops, along, source, params, count)


def is_compact(direction: Params, params: Params) -> bool:
    """Whether of every matrix a direction has factors alone, so that many fit in memory; of parameters without matrices, false."""
    matrices = [name for name, leaf in params.items() if leaf.ndim > 1]
    return bool(matrices) and all(
        isinstance(direction[name], tree.OuterProduct) for name in matrices
    )


def jvp_batch(
    ops: Ops, along: DirectionalDerivative, source: DirectionSampler, count: int
) -> tuple[Params, Array, Array]:
    """K directions in one pass, which they share but for their tangents: (directions, with their axis in front, loss, slopes
    (K,))."""
    directions = ops.vmap(source)(ops.arange(count))
    losses, slopes = ops.vmap(along)(directions)
    return directions, ops.mean(losses), slopes


def _one_by_one(
    ops: Ops, along: DirectionalDerivative, source: DirectionSampler, params: Params, count: int
) -> Estimate:
    def add(total: Params, j: Array) -> tuple[Params, Array]:
        direction = source(j)
        loss, slope = along(direction)
        return tree.axpy(ops, slope, tree.depend_on(ops, slope, direction), total), loss

    total, losses = ops.scan(add, tree.map(ops.zeros_like, params), ops.arange(count))
    return Estimate(ops.mean(losses), 1 / count, total)
