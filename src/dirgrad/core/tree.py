"""Arithmetic on parameters, which are flat dictionaries of arrays in both frameworks.

A leaf of a direction may also be an `OuterProduct`, stored as its factors, a `ReplayedArray`,
stored as its random key, or a `ChosenArray`, which may be zero. Such a leaf becomes an array only
where the result needs one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, TypeAlias

from dirgrad.core.types import Array, Key, Ops, Params


class OuterProduct(NamedTuple):
    """An array (m, ...) equal to left right^T, or to a sum of r such products, stored as factors.

    Attributes:
        left: (m,), or a stack (r, m).
        right: The remaining axes (...) of the array, or a stack (r, ...).
    """

    left: Array
    right: Array

    @property
    def is_stacked(self) -> bool:
        """Return whether the factors are stacks."""
        return bool(self.left.ndim > 1)

    def materialize(self) -> Array:
        """Return the array (m, ...)."""
        if not self.is_stacked:
            return self.column() * self.right
        flat = self.left.T @ _flatten(self.right)
        return flat.reshape(self.left.shape[1], *self.right.shape[1:])

    def column(self) -> Array:
        """Return `left` as (m, 1, ..., 1), which broadcasts against `right`."""
        ones = (1,) * self.right.ndim
        return self.left.reshape(-1, *ones)


def _flatten(x: Array) -> Array:
    """Return x (n, ...) as a matrix with n rows."""
    return x.reshape(x.shape[0], -1)


@dataclass(frozen=True)
class ReplayedArray:
    """An array that is drawn again at each use, times a factor.

    Attributes:
        key: Random key of the array.
        draw: Map key -> array, or its factors.
        factor: Scalar factor: () or a float.
    """

    key: Key
    draw: Callable[[Key], Array | OuterProduct]
    factor: Array | float = 1.0

    def materialize(self) -> Array | OuterProduct:
        """Draw and return the array, or its factors."""
        drawn = self.draw(self.key)
        if isinstance(drawn, OuterProduct):
            return OuterProduct(self.factor * drawn.left, drawn.right)
        return self.factor * drawn


class Choice(NamedTuple):
    """A random choice of one group of parameters.

    Attributes:
        index: Number of the chosen group: ().
        indicator: 1 at the chosen group and 0 elsewhere, in the dtype of the parameters: (groups,).
        num_groups: Number of groups.
    """

    index: Array
    indicator: Array
    num_groups: int


@dataclass(frozen=True)
class ChosenArray:
    """An array that is zero unless its group of parameters is chosen.

    All leaves of a direction share one choice. So a derivative needs no tangent for the arrays of
    other groups, and an update leaves them as they are.

    Attributes:
        value: The array if its group is chosen, as an array, an `OuterProduct` or a
            `ReplayedArray`.
        group: Number of its group.
        choice: The choice of a group.
    """

    value: "Array | OuterProduct | ReplayedArray"
    group: int
    choice: Choice

    def materialize(self) -> Array | OuterProduct:
        """Return the array or its factors, multiplied by 1 if the group is chosen and else by 0."""
        value = self.value.materialize() if isinstance(self.value, ReplayedArray) else self.value
        indicator = self.choice.indicator[self.group]
        if isinstance(value, OuterProduct):
            return OuterProduct(indicator * value.left, value.right)
        return indicator * value


Leaf: TypeAlias = Array | OuterProduct | ReplayedArray | ChosenArray
Deferred = (ReplayedArray, ChosenArray)
"""Leaves that become an array or an `OuterProduct` where they are used."""


def choice(x: Params) -> Choice | None:
    """Return the choice that the leaves of a direction share, or None if they have none."""
    chosen = (leaf.choice for leaf in x.values() if isinstance(leaf, ChosenArray))
    return next(chosen, None)


def group(x: Params, index: int) -> Params:
    """Return the leaves of one group of a direction, as they are if the group is chosen."""
    return {
        name: leaf.value
        for name, leaf in x.items()
        if isinstance(leaf, ChosenArray) and leaf.group == index
    }


def map(f: Callable[[Array], Array], x: Params) -> Params:
    """Apply f to every leaf."""
    return {name: f(leaf) for name, leaf in x.items()}


def axpy(ops: Ops, a: Array, x: Params, y: Params) -> Params:
    """Return a x + y for a scalar a: arrays only.

    The leaves of y are arrays. The leaves of x may be of any kind. Leaves of y whose group is not
    chosen in x keep their memory, where the framework can update in place.
    """
    chosen = choice(x)
    if chosen is None:
        return {name: leaf_axpy(ops, a, x[name], leaf) for name, leaf in y.items()}
    result: Params = {}
    for i in range(chosen.num_groups):
        own = group(x, i)

        def add(a: Array, arrays: Params, own: Params = own) -> Params:
            return {name: leaf_axpy(ops, a, own[name], leaf) for name, leaf in arrays.items()}

        result |= ops.apply_if(chosen.index, i, add, a, {name: y[name] for name in own})
    return {name: result[name] for name in y}


def leaf_axpy(ops: Ops, a: Array, x: Leaf, y: Array) -> Array:
    """Return a x + y for one leaf, without a separate array for an outer product x."""
    if isinstance(x, Deferred):
        return leaf_axpy(ops, a, x.materialize(), y)
    if not isinstance(x, OuterProduct):
        return ops.axpy(a, x, y)
    if not x.is_stacked:
        return ops.axpy(a * x.column(), x.right, y)
    left = a * x.left.T
    flat = ops.addmm(left, _flatten(x.right), _flatten(y))
    return flat.reshape(y.shape)


def scale(a: Array, x: Params) -> Params:
    """Return a x for a scalar a; every leaf keeps its kind."""

    def scale_leaf(leaf: Leaf) -> Leaf:
        if isinstance(leaf, ChosenArray):
            return replace(leaf, value=scale_leaf(leaf.value))
        if isinstance(leaf, ReplayedArray):
            return replace(leaf, factor=a * leaf.factor)
        if isinstance(leaf, OuterProduct):
            return OuterProduct(a * leaf.left, leaf.right)
        return a * leaf

    return map(scale_leaf, x)


def materialize(x: Params) -> Params:
    """Return x with every leaf as an array."""

    def materialize_leaf(leaf: Array | OuterProduct) -> Array:
        return leaf.materialize() if isinstance(leaf, OuterProduct) else leaf

    return map(materialize_leaf, materialize_deferred(x))


def materialize_deferred(x: Params) -> Params:
    """Return x with every replayed or chosen leaf as an array or an `OuterProduct`."""

    def materialize_leaf(leaf: Leaf) -> Array | OuterProduct:
        return leaf.materialize() if isinstance(leaf, Deferred) else leaf

    return map(materialize_leaf, x)


def depend_on(ops: Ops, seen: Array, x: Params) -> Params:
    """Return x, whose replayed leaves are drawn only after `seen` is computed.

    Without this dependency a compiler may draw such a leaf once and keep it in memory.
    """

    def delay_leaf(leaf: Leaf) -> Leaf:
        if isinstance(leaf, ChosenArray):
            return replace(leaf, value=delay_leaf(leaf.value))
        if isinstance(leaf, ReplayedArray):
            return replace(leaf, key=ops.depend_on(seen, leaf.key))
        return leaf

    return map(delay_leaf, x)


def dot(ops: Ops, x: Params, y: Params) -> Array:
    """Return the inner product <x, y> over all entries: ()."""
    x = materialize(x)
    y = materialize(y)
    return sum(ops.sum(x[name] * y[name]) for name in y)


def squared_norm(ops: Ops, x: Params) -> Array:
    """Return ||x||^2 plus the smallest normal number of float32, so that it is never 0: ()."""
    return dot(ops, x, x) + 1.2e-38


def norm(ops: Ops, x: Params) -> Array:
    """Return ||x||, the square root of `squared_norm`: ()."""
    return ops.sqrt(squared_norm(ops, x))


def normalize(ops: Ops, x: Params) -> Params:
    """Return x / ||x||, or 0 if x is 0."""
    return scale(1 / norm(ops, x), x)


def weighted_sum(weights: Array, stacked: Params) -> Params:
    """Return sum_j w_j x_j; a sum of outer products remains an `OuterProduct`.

    Args:
        weights: The weights w_j: (k,).
        stacked: The vectors x_j, stacked along a new first axis of every leaf or factor. A leaf is
            an array or an `OuterProduct`.
    """

    def sum_leaf(leaf: Array | OuterProduct) -> Array | OuterProduct:
        if not isinstance(leaf, OuterProduct):
            total = weights @ _flatten(leaf)
            return total.reshape(leaf.shape[1:])
        *stack, num_rows = leaf.left.shape
        ones = (1,) * len(stack)
        left = weights.reshape(-1, *ones) * leaf.left
        right_shape = leaf.right.shape[len(stack) :]
        return OuterProduct(
            left.reshape(-1, num_rows),
            leaf.right.reshape(prod(stack), *right_shape),
        )

    return map(sum_leaf, stacked)


def gram(stacked: Params) -> Array:
    """Return the inner products <x_i, x_j> of k vectors: (k, k).

    Outer products are multiplied by their factors: <a b^T, c d^T> = (a . c)(b . d).

    Args:
        stacked: The vectors, stacked along a new first axis of every leaf or factor. A leaf is an
            array or an `OuterProduct`.
    """

    def gram_leaf(leaf: Array | OuterProduct) -> Array:
        if not isinstance(leaf, OuterProduct):
            flat = _flatten(leaf)
            return flat @ flat.T
        *stack, num_rows = leaf.left.shape
        left = leaf.left.reshape(-1, num_rows)
        right = leaf.right.reshape(prod(stack), -1)
        products = (left @ left.T) * (right @ right.T)
        k = stack[0]
        rank = len(left) // k
        return products.reshape(k, rank, k, -1).sum((1, 3))

    return sum(gram_leaf(leaf) for leaf in stacked.values())


def num_entries(x: Params) -> int:
    """Return d, the number of entries of all leaves, which are arrays."""
    return sum(prod(leaf.shape) for leaf in x.values())


def unravel(vector: Array, like: Params) -> Params:
    """Split a vector (d,) into arrays with the names and shapes of `like`, in their order."""
    parts = {}
    first = 0
    for name, leaf in like.items():
        last = first + prod(leaf.shape)
        part = vector[first:last]
        parts[name] = part.reshape(leaf.shape)
        first = last
    return parts


def ravel(ops: Ops, x: Params) -> Array:
    """Concatenate all leaves, which are arrays, into a vector (d,); `unravel` is the inverse."""
    return ops.concatenate([leaf.reshape(-1) for leaf in x.values()])


def first_leaf(x: Params) -> Array:
    """Return the first leaf, as an example of the dtype and the device."""
    return next(iter(x.values()))
