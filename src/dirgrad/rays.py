"""Parameters along a ray, theta + s v, and products with them: where v is an outer product, nothing of its size is formed, and where it
is replayed, nothing of its size is kept."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from dirgrad import tree
from dirgrad.types import Array, Loss, Ops, Params

Map: TypeAlias = Callable[[Array, Any], Array]
"""(x, weight, or outer product) -> what is linear in both."""


class Ray(NamedTuple):
    """The weight base + s v, of which only maps are taken. moved: (map, x, base, v) -> map(x, base + s v)."""

    base: Array
    v: tree.Outer | tree.Replayed
    moved: Callable[[Map, Array, Array, Any], Array]


def along(ops: Ops, params: Params, v: Params, step: Array | float) -> Params:
    """params + step v; where a leaf of v is no array, a Ray."""

    def moved(f: Map, x: Array, base: Array, v: Array | tree.Outer) -> Array:
        if isinstance(v, tree.Outer):
            return ops.axpy(step, f(x, v), f(x, base))
        return f(x, ops.axpy(step, v, base))

    return _moved(ops, params, v, step, moved)


def _moved(ops: Ops, params: Params, v: Params, step: Array | float, moved: Callable[..., Array]) -> Params:
    return {
        name: Ray(leaf, v[name], moved) if is_kept_apart(v[name]) else ops.axpy(step, v[name], leaf) for name, leaf in params.items()
    }


def is_kept_apart(leaf: Any) -> bool:
    """Whether a leaf of a direction is no array."""
    return isinstance(leaf, (tree.Outer, tree.Replayed))


def derivative(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """(f, D f[v]) at the parameters: the JVP or, where v has leaves that are no arrays, d/ds f(theta + s v) at s = 0."""
    if not any(map(is_kept_apart, v.values())):
        found: tuple[Array, Array] = ops.jvp(loss, (params,), (v,))
        return found

    def at(step: Array) -> Array:
        def moved(f: Map, x: Array, base: Array, v: Array | tree.Outer) -> Array:
            return ops.tilted(f, x, base, step, f(x, v))

        return loss(_moved(ops, params, v, step, moved))

    zero = ops.zeros((), tree.any_leaf(params))
    value, slope = ops.jvp(at, (zero,), (zero + 1,))
    return value, slope


def _map(f: Map, x: Array, weight: Any) -> Array:
    if not isinstance(weight, Ray):
        return f(x, weight)
    v = weight.v.drawn() if isinstance(weight.v, tree.Replayed) else weight.v
    return weight.moved(f, x, weight.base, v)


def product(x: Array, weight: Any) -> Array:
    """x @ weight, for x (..., m) and a weight (m, n) or its Ray; along a b^T it is (x a) b^T that moves it."""
    return _map(_product, x, weight)


def _product(x: Array, weight: Any) -> Array:
    if not isinstance(weight, tree.Outer):
        return x @ weight
    return (x @ weight.left.T) @ weight.right if weight.summed else (x @ weight.left)[..., None] * weight.right


def convolution(ops: Ops, x: Array, kernel: Any, padding: int) -> Array:
    """ops.conv2d; along a kernel a b^T, with outputs a and patches b, one convolution with b makes all outputs."""
    return _map(partial(_convolution, ops, padding), x, kernel)


def _convolution(ops: Ops, padding: int, x: Array, kernel: Any) -> Array:
    if not isinstance(kernel, tree.Outer):
        return ops.conv2d(x, kernel, padding)
    if kernel.summed:
        return ops.conv2d(ops.conv2d(x, kernel.right, padding), kernel.left.T[:, :, None, None], 0)
    return ops.conv2d(x, kernel.right[None], padding) * kernel.left[:, None, None]
