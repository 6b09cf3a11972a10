"""Parameters along a ray, theta + s v, and products with them: where v is an outer product, nothing of its size is formed, and
where it is replayed, nothing of its size is kept."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dirgrad.core import tree
from dirgrad.core.types import Array, Loss, Ops, Params


class Linear(NamedTuple):
    """A map that is linear in its input and in its weight. of: (x, weight) -> its value. factors: (x, outer product) -> p and
    q, whose broadcast product its value is."""

    of: Callable[[Array, Array], Array]
    factors: Callable[[Array, tree.Outer], tuple[Array | float, Array]]


class Ray(NamedTuple):
    """The weight base + s v, of which only linear maps are taken. moved: (map, x, base, v) -> map(x, base + s v)."""

    base: Array
    v: tree.Outer | tree.Replayed
    moved: Callable[[Linear, Array, Array, Any], Array]


def along(ops: Ops, params: Params, v: Params, step: Array | float) -> Params:
    """params + step v; where a leaf of v is no array, a Ray."""

    def moved(linear: Linear, x: Array, base: Array, v: tree.Outer | tree.Replayed) -> Array:
        now = _now(v)
        if not isinstance(now, tree.Outer):
            return linear.of(x, ops.axpy(step, now, base))
        p, q = linear.factors(x, now)
        return ops.axpy(step * p, q, linear.of(x, base))

    return {
        name: Ray(leaf, v[name], moved) if is_kept_apart(v[name]) else ops.axpy(step, v[name], leaf)
        for name, leaf in params.items()
    }


def derivative(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """(f, D f[v]) at the parameters: the JVP or, where v has leaves that are no arrays, d/ds f(theta + s v) at s = 0."""
    if not any(map(is_kept_apart, v.values())):
        found: tuple[Array, Array] = ops.jvp(loss, (params,), (v,))
        return found

    plain = {name: leaf for name, leaf in v.items() if not is_kept_apart(leaf)}

    def at(step: Array, arrays: Params) -> Array:
        def moved(linear: Linear, x: Array, base: Array, v: tree.Outer | tree.Replayed) -> Array:
            now = _now(v)
            p, q = linear.factors(x, now) if isinstance(now, tree.Outer) else (1.0, linear.of(x, now))
            return ops.tilted(linear.of, x, base, step, p, q)

        return loss({name: arrays[name] if name in plain else Ray(leaf, v[name], moved) for name, leaf in params.items()})

    # The arrays move by themselves: moved along the step, the point itself would depend on v, and each of many directions have
    # its own.
    zero = ops.zeros((), tree.any_leaf(params))
    value, slope = ops.jvp(at, (zero, {name: params[name] for name in plain}), (zero + 1, plain))
    return value, slope


def is_kept_apart(leaf: Any) -> bool:
    """Whether a leaf of a direction is no array."""
    return isinstance(leaf, (tree.Outer, tree.Replayed))


def _now(v: tree.Outer | tree.Replayed) -> Any:
    """v as an array or in factors."""
    return v.drawn() if isinstance(v, tree.Replayed) else v


def product(x: Array, weight: Any) -> Array:
    """x @ weight, for x (..., m) and a weight (m, n) or its Ray; along a b^T it is (x a) b^T that moves it."""
    return weight.moved(PRODUCT, x, weight.base, weight.v) if isinstance(weight, Ray) else x @ weight


def _product_factors(x: Array, v: tree.Outer) -> tuple[Array | float, Array]:
    return (1.0, (x @ v.left.T) @ v.right) if v.summed else ((x @ v.left)[..., None], v.right)


PRODUCT = Linear(lambda x, weight: x @ weight, _product_factors)


def convolution(ops: Ops, x: Array, kernel: Any, padding: int) -> Array:
    """ops.conv2d; along a kernel a b^T, with outputs a and patches b, one convolution with b makes all outputs."""

    def of(x: Array, kernel: Array) -> Array:
        return ops.conv2d(x, kernel, padding)

    def factors(x: Array, v: tree.Outer) -> tuple[Array | float, Array]:
        if v.summed:
            return 1.0, ops.conv2d(of(x, v.right), v.left.T[:, :, None, None], 0)
        return of(x, v.right[None]), v.left[:, None, None]

    return kernel.moved(Linear(of, factors), x, kernel.base, kernel.v) if isinstance(kernel, Ray) else of(x, kernel)
