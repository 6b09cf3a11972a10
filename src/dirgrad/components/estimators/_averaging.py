"""Average of slope times direction over K directions, shared by several estimators."""

from collections.abc import Callable

from dirgrad.core import tree
from dirgrad.core.types import Array, DirectionSampler, Estimate, Ops, Params

DirectionalDerivative = Callable[[Params], tuple[Array, Array]]
"""Map from a direction v to (loss, slope g . v), both ()."""


def average_over_directions(
    ops: Ops,
    differentiate: DirectionalDerivative,
    sampler: DirectionSampler,
    params: Params,
    count: int,
) -> Estimate:
    """Return the estimate (1/K) sum_j (g . v_j) v_j of the gradient g.

    The estimate is unbiased if E[v v^T] = I. All directions share one pass if they are compact
    (see `is_compact`). Otherwise only one direction is in memory at a time.

    Args:
        ops: Primitives of the framework.
        differentiate: Map from v to (loss, g . v).
        sampler: Map from j to the direction v_j.
        params: Parameters, which give the shapes.
        count: K, the number of directions.
    """
    if count == 1:
        direction = sampler(0)
        loss, slope = differentiate(direction)
        return Estimate(loss, slope, tree.depend_on(ops, slope, direction))
    losses, _, total = sum_over_directions(ops, differentiate, sampler, params, count)
    return Estimate(ops.mean(losses), 1 / count, total)


def sum_over_directions(
    ops: Ops,
    differentiate: DirectionalDerivative,
    sampler: DirectionSampler,
    params: Params,
    count: int,
) -> tuple[Array, Array, Params]:
    """Return the losses (K,), the slopes s_j (K,) and the sum of s_j v_j, like the parameters.

    The arguments are as in `average_over_directions`.
    """
    if is_compact(sampler(0), params):
        directions, losses, slopes = jvp_batch(ops, differentiate, sampler, count)
        return losses, slopes, tree.weighted_sum(slopes, directions)
    return _one_at_a_time(ops, differentiate, sampler, params, count)


def is_compact(direction: Params, params: Params) -> bool:
    """Return whether the direction stores every matrix as an outer product.

    Many such directions fit in memory. The result is False if the parameters have no matrix.
    """
    matrices = [direction[name] for name, leaf in params.items() if leaf.ndim > 1]
    values = [leaf.value if isinstance(leaf, tree.ChosenArray) else leaf for leaf in matrices]
    return bool(values) and all(isinstance(value, tree.OuterProduct) for value in values)


def jvp_batch(
    ops: Ops,
    differentiate: DirectionalDerivative,
    sampler: DirectionSampler,
    count: int,
) -> tuple[Params, Array, Array]:
    """Differentiate along K directions in one pass, so that they share the primal computation.

    Returns:
        The directions, stacked along a new first axis; the losses (K,); and the slopes (K,). A
        replayed leaf is drawn, because a stack has no keys. A chosen leaf is multiplied by 0 or 1,
        because the choices of the K directions differ.
    """
    directions = stacked_directions(ops, sampler, count)
    losses, slopes = ops.vmap(differentiate)(directions)
    return directions, losses, slopes


def stacked_directions(ops: Ops, sampler: DirectionSampler, count: int) -> Params:
    """Draw K directions, stacked along a new first axis as in `jvp_batch`."""

    def draw(j: Array) -> Params:
        return tree.materialize_deferred(sampler(j))

    directions: Params = ops.vmap(draw)(ops.arange(count))
    return directions


def _one_at_a_time(
    ops: Ops,
    differentiate: DirectionalDerivative,
    sampler: DirectionSampler,
    params: Params,
    count: int,
) -> tuple[Array, Array, Params]:
    def add(total: Params, j: Array) -> tuple[Params, tuple[Array, Array]]:
        direction = sampler(j)
        loss, slope = differentiate(direction)
        direction = tree.depend_on(ops, slope, direction)
        return tree.axpy(ops, slope, direction, total), (loss, slope)

    zero = tree.map(ops.zeros_like, params)
    total, (losses, slopes) = ops.scan(add, zero, ops.arange(count))
    return losses, slopes, total
