"""Parameters along a ray, theta + s v, and products with them: where v is an outer product, nothing of its size is formed, and
where it is replayed, nothing of its size is kept."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dirgrad.core import tree
from dirgrad.core.types import Array, Loss, Ops, Params


class LinearMap(NamedTuple):
    """A map that is linear in its input and in its weight. of: (x, weight) -> its value. factors: (x, outer product) -> p and
    q, whose broadcast product its value is."""

    apply: Callable[[Array, Array], Array]
    factors: Callable[[Array, tree.OuterProduct], tuple[Array | float, Array]]


class PerturbedWeight(NamedTuple):
    """The weight base + s v, of which only linear maps are taken. moved: (map, x, base, v) -> map(x, base + s v)."""

    base: Array
    v: tree.OuterProduct | tree.ReplayedArray
    apply: Callable[[LinearMap, Array, Array, Any], Array]


def perturb(ops: Ops, params: Params, v: Params, step: Array | float) -> Params:
    """params + step v; where a leaf of v is no array, a Ray."""

    def moved(
        linear: LinearMap, x: Array, base: Array, v: tree.OuterProduct | tree.ReplayedArray
    ) -> Array:
        now = _now(v)
        if not isinstance(now, tree.OuterProduct):
            return linear.apply(x, ops.axpy(step, now, base))
        p, q = linear.factors(x, now)
        return ops.axpy(step * p, q, linear.apply(x, base))

    return {
        name: PerturbedWeight(leaf, v[name], moved)
        if is_structured(v[name])
        else ops.axpy(step, v[name], leaf)
        for name, leaf in params.items()
    }


def directional_derivative(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """(f, D f[v]) at the parameters: the JVP or, where v has leaves that are no arrays, d/ds f(theta + s v) at s = 0."""
    if not any(map(is_structured, v.values())):
        found: tuple[Array, Array] = ops.jvp(loss, (params,), (v,))
        return found

    plain = {name: leaf for name, leaf in v.items() if not is_structured(leaf)}

    def at(step: Array, arrays: Params) -> Array:
        def moved(
            linear: LinearMap, x: Array, base: Array, v: tree.OuterProduct | tree.ReplayedArray
        ) -> Array:
            now = _now(v)
            p, q = (
                linear.factors(x, now)
                if isinstance(now, tree.OuterProduct)
                else (1.0, linear.apply(x, now))
            )
            return ops.linear_jvp(linear.apply, x, base, step, p, q)

        return loss(
            {
                name: arrays[name] if name in plain else PerturbedWeight(leaf, v[name], moved)
                for name, leaf in params.items()
            }
        )

    # The arrays move by themselves: moved along the step, the point itself would depend on v, and each of many directions have
    # its own.
    zero = ops.zeros((), tree.first_leaf(params))
    value, slope = ops.jvp(at, (zero, {name: params[name] for name in plain}), (zero + 1, plain))
    return value, slope


def is_structured(leaf: Any) -> bool:
    """Whether a leaf of a direction is no array."""
    return isinstance(leaf, (tree.OuterProduct, tree.ReplayedArray))


def _now(v: tree.OuterProduct | tree.ReplayedArray) -> Any:
    """v as an array or in factors."""
    return v.materialize() if isinstance(v, tree.ReplayedArray) else v


def matmul(x: Array, weight: Any) -> Array:
    """x @ weight, for x (..., m) and a weight (m, n) or its Ray; along a b^T it is (x a) b^T that moves it."""
    return (
        weight.apply(PRODUCT, x, weight.base, weight.v)
        if isinstance(weight, PerturbedWeight)
        else x @ weight
    )


def _product_factors(x: Array, v: tree.OuterProduct) -> tuple[Array | float, Array]:
    return (1.0, (x @ v.left.T) @ v.right) if v.summed else ((x @ v.left)[..., None], v.right)


PRODUCT = LinearMap(lambda x, weight: x @ weight, _product_factors)


def conv2d(ops: Ops, x: Array, kernel: Any, padding: int) -> Array:
    """ops.conv2d; along a kernel a b^T, with outputs a and patches b, one convolution with b makes all outputs."""

    def of(x: Array, kernel: Array) -> Array:
        return ops.conv2d(x, kernel, padding)

    def factors(x: Array, v: tree.OuterProduct) -> tuple[Array | float, Array]:
        if v.summed:
            return 1.0, ops.conv2d(of(x, v.right), v.left.T[:, :, None, None], 0)
        return of(x, v.right[None]), v.left[:, None, None]

    return (
        kernel.apply(LinearMap(of, factors), x, kernel.base, kernel.v)
        if isinstance(kernel, PerturbedWeight)
        else of(x, kernel)
    )
