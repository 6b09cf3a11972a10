"""Parameters along a ray, theta + s v, and products with them: where v is an outer product, nothing of its size is formed."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from dirgrad import tree
from dirgrad.types import Array, Loss, Ops, Params

Tilt: TypeAlias = Callable[[Callable[..., Array], Array, Array, Array, Array], Array]
"""(f, x, weight, p, q) -> f(x, weight) + s p q, broadcast."""


class Ray(NamedTuple):
    """The weight base + s left right^T, of which only products are taken. tilt: how they move with s."""

    base: Array
    outer: tree.Outer
    tilt: Tilt


def along(ops: Ops, params: Params, v: Params, step: Array | float) -> Params:
    """params + step v; where a leaf of v is an outer product, a Ray."""

    def tilt(f: Callable[..., Array], x: Array, weight: Array, p: Array, q: Array) -> Array:
        return ops.axpy(step * p, q, f(x, weight))

    return _moved(ops, params, v, step, tilt)


def _moved(ops: Ops, params: Params, v: Params, step: Array | float, tilt: Tilt) -> Params:
    return {
        name: Ray(leaf, v[name], tilt) if isinstance(v[name], tree.Outer) else ops.axpy(step, v[name], leaf)
        for name, leaf in params.items()
    }


def derivative(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """(f, D f[v]) at the parameters: the JVP or, where v has outer products, d/ds f(theta + s v) at s = 0."""
    if not any(isinstance(leaf, tree.Outer) for leaf in v.values()):
        found: tuple[Array, Array] = ops.jvp(loss, (params,), (v,))
        return found

    def at(step: Array) -> Array:
        def tilt(f: Callable[..., Array], x: Array, weight: Array, p: Array, q: Array) -> Array:
            return ops.tilted(f, x, weight, step, p, q)

        return loss(_moved(ops, params, v, step, tilt))

    zero = ops.zeros((), tree.any_leaf(params))
    value, slope = ops.jvp(at, (zero,), (zero + 1,))
    return value, slope


def product(x: Array, weight: Any) -> Array:
    """x @ weight, for x (..., m) and a weight (m, n) or its Ray: x (W + s a b^T) = x W + s (x a) b^T."""
    if not isinstance(weight, Ray):
        return x @ weight
    left, right = weight.outer
    return weight.tilt(lambda x, base: x @ base, x, weight.base, (x @ left)[..., None], right)


def convolution(ops: Ops, x: Array, kernel: Any, padding: int) -> Array:
    """ops.conv2d; of the Ray of a kernel a b^T, with outputs a and patches b, one convolution with b makes all outputs."""
    if not isinstance(kernel, Ray):
        return ops.conv2d(x, kernel, padding)
    left, right = kernel.outer
    patches = ops.conv2d(x, right[None], padding)
    return kernel.tilt(lambda x, base: ops.conv2d(x, base, padding), x, kernel.base, patches, left[:, None, None])
