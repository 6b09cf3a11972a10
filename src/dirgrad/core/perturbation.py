"""Parameters theta + s v along a direction v, and the derivative of a loss with respect to s.

A weight that moves along an outer product never becomes an array of its full size. A weight that
moves along a replayed array does not keep that array.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, TypeAlias

from dirgrad.core import tree
from dirgrad.core.types import Array, Loss, Ops, Params

StructuredLeaf: TypeAlias = tree.OuterProduct | tree.ReplayedArray
Factors: TypeAlias = tuple[Array | float, Array]
"""The pair (p, q), whose broadcast product p q is an array."""


class LinearMap(NamedTuple):
    """A map that is linear in its input x and linear in its weight.

    Attributes:
        apply: Map (x, weight) -> value.
        factors: Map (x, outer product) -> factors (p, q) of the value for this weight.
        gradient: Map (x, c) -> gradient of <c, value> with respect to the weight, where c is like
            the value.
        value_shape: Map (x, weight) -> shape of the value, without computing it.
        channel_axis: Axis of the value that a bias belongs to.
    """

    apply: Callable[[Array, Array], Array]
    factors: Callable[[Array, tree.OuterProduct], Factors]
    gradient: Callable[[Array, Array], Array]
    value_shape: Callable[[Array, Array], tuple[int, ...]]
    channel_axis: int

    def bias_gradient(self, c: Array) -> Array:
        """Return the sum of c, which is like the value, over all axes but the channel axis."""
        kept = self.channel_axis % c.ndim
        return c.sum(tuple(i for i in range(c.ndim) if i != kept))


@dataclass(frozen=True, eq=False)
class PerturbedWeight:
    """The weight base + s v, which supports only linear maps: `x @ weight` and `conv2d`.

    Attributes:
        base: Weight at s = 0: an array of two axes or more.
        v: Direction, of the same shape; None for a weight that rests.
        apply: Map (linear map, x, base, v) -> value of the linear map at (x, base + s v).

    Example:
        >>> w = ops.asarray(np.zeros((2, 3)))
        >>> v = tree.OuterProduct(left=w[:, 0] + 1, right=w[0] + 2)
        >>> params = perturb(ops, {"w": w}, {"w": v}, 0.5)
        >>> (w.T + 1) @ params["w"]  # (w.T + 1) @ (w + 0.5 v), a (3, 3) matrix of twos
    """

    # NumPy would otherwise take the weight for a number.
    __array_ufunc__: ClassVar[None] = None
    base: Array
    v: StructuredLeaf | None
    apply: Callable[[LinearMap, Array, Array, Any], Array]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of the weight."""
        return tuple(self.base.shape)

    @property
    def ndim(self) -> int:
        """Return the number of axes of the weight."""
        return len(self.shape)

    def __rmatmul__(self, x: Array) -> Array:
        return self.apply(MATMUL, x, self.base, self.v)

    def __eq__(self, other: object) -> bool:
        # Python's own comparison would say False where an array compares its entries.
        raise TypeError(f"unsupported operand type(s) for ==: {type(self).__name__!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape})"


def perturb(ops: Ops, params: Params, v: Params, step: Array | float) -> Params:
    """Return params + step v.

    A leaf is a `PerturbedWeight` if the leaf of v is an `OuterProduct` or a `ReplayedArray`, and an
    array otherwise. A `ChosenArray` counts as its value.
    """
    if tree.choice(v) is not None:
        v = tree.materialize_deferred(v)

    def apply(linear: LinearMap, x: Array, base: Array, v: StructuredLeaf) -> Array:
        direction = _array_or_factors(v)
        if not isinstance(direction, tree.OuterProduct):
            return linear.apply(x, ops.axpy(step, direction, base))
        p, q = linear.factors(x, direction)
        return ops.axpy(step * p, q, linear.apply(x, base))

    def perturb_leaf(leaf: Array, direction: Array | StructuredLeaf) -> Array | PerturbedWeight:
        if is_structured(direction):
            return PerturbedWeight(leaf, direction, apply)
        return ops.axpy(step, direction, leaf)

    return {name: perturb_leaf(leaf, v[name]) for name, leaf in params.items()}


def loss_after_step(ops: Ops, loss: Loss, params: Params, v: Params, step: Array | float) -> Array:
    """Return loss(params + step v): ().

    Raises:
        NotImplementedError: The loss applies to a `PerturbedWeight` an operation that it does not
            support.
    """
    return _evaluate(loss, perturb(ops, params, v, step))


def directional_derivative(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """Return (f, D f[v]) for the loss f at `params`, each ().

    It takes one forward-mode pass: the JVP if every leaf of v is an array, and otherwise the
    derivative of f(theta + s v) with respect to s at s = 0. If v chooses a group of parameters, no
    other parameter has a tangent, and nothing before the group has one.

    Raises:
        NotImplementedError: The loss applies to a `PerturbedWeight` an operation that it does not
            support.
    """
    choice = tree.choice(v)
    if choice is None:
        return derivative_along_part(ops, loss, params, v)
    parts = [tree.group(v, i) for i in range(choice.num_groups)]
    branches = [partial(derivative_along_part, ops, loss, params, part) for part in parts]
    value, slope = ops.switch(choice.index, branches)
    return value, slope


def derivative_along_part(ops: Ops, loss: Loss, params: Params, v: Params) -> tuple[Array, Array]:
    """Return (f, D f[v]) like `directional_derivative`, where v may lack some of the parameters.

    The parameters that v lacks are constants. No leaf of v is a `ChosenArray`.
    """
    if len(v) == len(params) and not any(map(is_structured, v.values())):
        value, slope = ops.jvp(loss, (params,), (v,))
        return value, slope

    structured = [name for name, leaf in v.items() if is_structured(leaf)]
    plain_v = {name: leaf for name, leaf in v.items() if name not in structured}
    plain_params = {name: params[name] for name in plain_v}

    def rest(linear: LinearMap, x: Array, base: Array, v: None) -> Array:
        return ops.resting_linear(linear.apply, x, base)

    resting = {
        name: PerturbedWeight(leaf, None, rest)
        for name, leaf in params.items()
        if name not in v and leaf.ndim > 1
    }

    def loss_along_v(step: Array, arrays: Params) -> Array:
        def apply(linear: LinearMap, x: Array, base: Array, v: StructuredLeaf) -> Array:
            p, q = _factors(linear, x, v)
            return ops.linear_jvp(linear.apply, x, base, step, p, q)

        weights = {name: PerturbedWeight(params[name], v[name], apply) for name in structured}
        return _evaluate(loss, params | resting | arrays | weights)

    # The plain arrays are an argument with a tangent of their own. If they moved with the step, the
    # point itself would depend on v, and K directions could not share one primal computation.
    zero = ops.zeros((), tree.first_leaf(params))
    primals = (zero, plain_params)
    tangents = (zero + 1, plain_v)
    value, slope = ops.jvp(loss_along_v, primals, tangents)
    return value, slope


def is_structured(leaf: Any) -> bool:
    """Return whether a leaf of a direction is not stored as an array."""
    return isinstance(leaf, (tree.OuterProduct, *tree.Deferred))


def _array_or_factors(v: StructuredLeaf) -> Array | tree.OuterProduct:
    return v.materialize() if isinstance(v, tree.ReplayedArray) else v


def _factors(linear: LinearMap, x: Array, v: StructuredLeaf) -> Factors:
    """Return (p, q) with p q = linear(x, v)."""
    direction = _array_or_factors(v)
    if isinstance(direction, tree.OuterProduct):
        return linear.factors(x, direction)
    return 1.0, linear.apply(x, direction)


def _matmul_factors(x: Array, v: tree.OuterProduct) -> Factors:
    """Return the factors of x (a b^T) = (x a) b^T."""
    if v.is_stacked:
        inner = x @ v.left.T
        return 1.0, inner @ v.right
    column = (x @ v.left)[..., None]
    return column, v.right


def _matmul_gradient(x: Array, c: Array) -> Array:
    """Return the sum of x_i c_i^T over all examples i and all further axes but the last."""
    rows = x.reshape(-1, x.shape[-1])
    return rows.T @ c.reshape(-1, c.shape[-1])


def _matmul_shape(x: Array, weight: Array) -> tuple[int, ...]:
    return (*x.shape[:-1], weight.shape[-1])


MATMUL = LinearMap(
    apply=lambda x, weight: x @ weight,
    factors=_matmul_factors,
    gradient=_matmul_gradient,
    value_shape=_matmul_shape,
    channel_axis=-1,
)
"""The map (x, weight) -> x @ weight."""


def conv2d(ops: Ops, x: Array, kernel: Any, padding: int) -> Array:
    """Return `ops.conv2d(x, kernel, padding)`; the kernel is an array or a `PerturbedWeight`.

    Along a kernel a b^T, with a (outputs,) and b (channels, height, width), one convolution with b
    serves all outputs.
    """

    def convolve(x: Array, kernel: Array) -> Array:
        return ops.conv2d(x, kernel, padding)

    def factors(x: Array, v: tree.OuterProduct) -> Factors:
        if v.is_stacked:
            inner = convolve(x, v.right)
            outer_kernel = v.left.T[:, :, None, None]
            return 1.0, ops.conv2d(inner, outer_kernel, 0)
        patches = convolve(x, v.right[None])
        return patches, v.left[:, None, None]

    def gradient(x: Array, c: Array) -> Array:
        # The entry (o, i, y, x) of the kernel multiplies channel i, shifted by (y, x). So the
        # gradient is a convolution of x with c, in which examples take the place of channels.
        by_input = ops.conv2d(ops.swap_axes(x, 0, 1), ops.swap_axes(c, 0, 1), padding)
        return ops.swap_axes(by_input, 0, 1)

    def value_shape(x: Array, kernel: Array) -> tuple[int, ...]:
        sides = zip(x.shape[2:], kernel.shape[2:], strict=True)
        return (x.shape[0], kernel.shape[0], *(n + 2 * padding - k + 1 for n, k in sides))

    if isinstance(kernel, PerturbedWeight):
        linear = LinearMap(convolve, factors, gradient, value_shape, 1)
        return kernel.apply(linear, x, kernel.base, kernel.v)
    return convolve(x, kernel)


OPERATION = re.compile(
    r"type\(s\) for (?P<binary>[^\s:]+)"
    r"|operand type for (?:unary )?(?P<unary>[^\s:]+)"
    r"|^'(?P<comparison>\S+)' not supported"
    r"|has no attribute '(?P<attribute>\w+)'"
    r"|^Error interpreting argument to (?:<function (?:\S+\.)?)?(?P<traced>[<\w>]+)"
    r"|^(?P<function>\w+)(?:\(\)| requires)"
)
"""The name of an operation in an error message of Python or of a framework."""
ERRORS = (TypeError, AttributeError, ValueError, RuntimeError)
"""Errors of Python and of the frameworks for a value that is not an array."""


def _evaluate(loss: Loss, params: Params) -> Array:
    """Return loss(params), and explain the failure of an operation on a `PerturbedWeight`."""
    try:
        return loss(params)
    except ERRORS as error:
        if not _concerns_a_weight(error):
            raise
        name = _first_unsupported(loss, params)
        raise NotImplementedError(_explanation(error, name, params[name].shape)) from error


def _concerns_a_weight(error: Exception) -> bool:
    return PerturbedWeight.__name__ in str(error)


def _first_unsupported(loss: Loss, params: Params) -> str:
    """Return the name of the first weight with which `loss` fails if only this weight moves."""
    moving = [name for name, leaf in params.items() if isinstance(leaf, PerturbedWeight)]
    resting = params | {name: params[name].base for name in moving}
    for name in moving:
        try:
            loss(resting | {name: params[name]})
        except ERRORS as error:
            if _concerns_a_weight(error):
                return name
    return moving[0]


def _explanation(error: Exception, name: str, shape: tuple[int, ...]) -> str:
    match = OPERATION.search(str(error))
    first_line = str(error).partition("\n")[0]
    operation = f"`{match[match.lastgroup or 0]}`" if match else f"an operation ({first_line})"
    return (
        f"the problem applies {operation} to its parameter '{name}' of shape {shape}, but along "
        "directions made of outer products or replayed from a key a weight supports only `x @ w` "
        "and `perturbation.conv2d`: use these, or a law of plain arrays such as `gaussian`"
    )
