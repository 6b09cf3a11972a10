"""The mean over directions of slope times direction: what the exact and the difference estimators share."""

from collections.abc import Callable

from dirgrad import tree
from dirgrad.types import Array, Estimate, Ops, Params, Source


def average(ops: Ops, along: Callable[[Params], tuple[Array, Array]], source: Source, params: Params, count: int) -> Estimate:
    """Approximates: the gradient g by (1/K) sum_j (g . v_j) v_j.
    With: K = count directions v_j = source(j), one in memory at a time.
    Requires: E[v v^T] = I and along(v) = (loss, g . v).
    """
    if count == 1:
        direction = source(0)
        return Estimate(*along(direction), direction)

    def add(total: Params, j: Array) -> tuple[Params, Array]:
        direction = source(j)
        loss, slope = along(direction)
        return tree.axpy(ops, slope, direction, total), loss

    total, losses = ops.scan(add, tree.each(ops.zeros_like, params), ops.counter(count))
    return Estimate(ops.mean(losses), 1 / count, total)
