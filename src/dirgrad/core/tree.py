"""Arithmetic on parameters: flat dictionaries of arrays, the same shape of data in both frameworks.

A leaf of a direction need not be an array: an `Outer` is kept as its factors, a `Replayed` as its key. Arithmetic forms neither but
where an array is what it makes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple, TypeAlias

from dirgrad.core.types import Array, Key, Ops, Params


class OuterProduct(NamedTuple):
    """The array left right^T, kept as its factors; of a stack of these, their sum. left: (m,), or (r, m); right: what is left
    of the array's shape (m, ...), or (r, ...)."""

    left: Array
    right: Array

    @property
    def summed(self) -> bool:
        """Whether it is a stack."""
        return bool(self.left.ndim > 1)

    def materialize(self) -> Array:
        """The array itself."""
        if not self.summed:
            return self.column() * self.right
        flat = self.right.reshape(self.right.shape[0], -1)
        return (self.left.T @ flat).reshape(self.left.shape[1], *self.right.shape[1:])

    def column(self) -> Array:
        """left, to be multiplied by right."""
        return self.left.reshape(-1, *(1,) * self.right.ndim)


@dataclass(frozen=True)
class ReplayedArray:
    """factor times an array that is drawn anew whenever it is looked at. draw: key -> the array, or its factors."""

    key: Key
    draw: Callable[[Key], Array | OuterProduct]
    factor: Array | float = 1.0

    def materialize(self) -> Array | OuterProduct:
        """The array, or its factors."""
        found = self.draw(self.key)
        return (
            OuterProduct(self.factor * found.left, found.right)
            if isinstance(found, OuterProduct)
            else self.factor * found
        )


Leaf: TypeAlias = Array | OuterProduct | ReplayedArray


def map(f: Callable[[Array], Array], x: Params) -> Params:
    """f of every array."""
    return {name: f(leaf) for name, leaf in x.items()}


def axpy(ops: Ops, a: Array, x: Params, y: Params) -> Params:
    """a x + y for a scalar a; y has arrays alone, x may have other leaves."""
    return {name: leaf_axpy(ops, a, x[name], leaf) for name, leaf in y.items()}


def leaf_axpy(ops: Ops, a: Array, x: Leaf, y: Array) -> Array:
    """a x + y of one leaf; no outer product is formed beside y."""
    if isinstance(x, ReplayedArray):
        return leaf_axpy(ops, a, x.materialize(), y)
    if not isinstance(x, OuterProduct):
        return ops.axpy(a, x, y)
    if not x.summed:
        return ops.axpy(a * x.column(), x.right, y)
    flat = ops.addmm(a * x.left.T, x.right.reshape(x.right.shape[0], -1), y.reshape(y.shape[0], -1))
    return flat.reshape(y.shape)


def scale(a: Array, x: Params) -> Params:
    """a x for a scalar a; every leaf stays what it is."""

    def of(leaf: Leaf) -> Leaf:
        if isinstance(leaf, ReplayedArray):
            return replace(leaf, factor=a * leaf.factor)
        return (
            OuterProduct(a * leaf.left, leaf.right) if isinstance(leaf, OuterProduct) else a * leaf
        )

    return map(of, x)


def materialize(x: Params) -> Params:
    """x as arrays alone."""

    return map(
        lambda leaf: leaf.materialize() if isinstance(leaf, OuterProduct) else leaf,
        materialize_replayed(x),
    )


def materialize_replayed(x: Params) -> Params:
    """x with what is replayed drawn, as arrays or factors."""
    return map(lambda leaf: leaf.materialize() if isinstance(leaf, ReplayedArray) else leaf, x)


def depend_on(ops: Ops, seen: Array, x: Params) -> Params:
    """x, of which what is replayed is drawn after `seen` is known: else a compiler would draw it once and keep it."""
    return map(
        lambda leaf: (
            replace(leaf, key=ops.depend_on(seen, leaf.key))
            if isinstance(leaf, ReplayedArray)
            else leaf
        ),
        x,
    )


def dot(ops: Ops, x: Params, y: Params) -> Array:
    """<x, y> over all entries: ()."""
    x, y = materialize(x), materialize(y)
    return sum(ops.sum(x[name] * y[name]) for name in y)


def squared_norm(ops: Ops, x: Params) -> Array:
    """||x||^2, at least the smallest normal number of float32, so that it can be divided by: ()."""
    return dot(ops, x, x) + 1.2e-38


def norm(ops: Ops, x: Params) -> Array:
    """||x||: ()."""
    return ops.sqrt(squared_norm(ops, x))


def normalize(ops: Ops, x: Params) -> Params:
    """x / ||x||; 0 if it is 0."""
    return scale(1 / norm(ops, x), x)


def weighted_sum(weights: Array, stacked: Params) -> Params:
    """sum_j w_j x_j, of outer products as a stack of them. weights: (k,); stacked: leaves with the axis of j in front."""

    def of(leaf: Array | OuterProduct) -> Array | OuterProduct:
        if not isinstance(leaf, OuterProduct):
            return (weights @ leaf.reshape(leaf.shape[0], -1)).reshape(leaf.shape[1:])
        weighted, (*inner, entries) = (
            weights.reshape(-1, *(1,) * (leaf.left.ndim - 1)) * leaf.left,
            leaf.left.shape,
        )
        return OuterProduct(
            weighted.reshape(-1, entries),
            leaf.right.reshape(prod(inner), *leaf.right.shape[len(inner) :]),
        )

    return map(of, stacked)


def gram(stacked: Params) -> Array:
    """The products <x_i, x_j>, of outer products from their factors: (k, k). stacked: leaves with the axis of j in front."""

    def of(leaf: Array | OuterProduct) -> Array:
        if not isinstance(leaf, OuterProduct):
            flat = leaf.reshape(leaf.shape[0], -1)
            return flat @ flat.T
        count, (*inner, entries) = leaf.left.shape[0], leaf.left.shape
        left, right = leaf.left.reshape(-1, entries), leaf.right.reshape(prod(inner), -1)
        products = (left @ left.T) * (right @ right.T)
        return products.reshape(count, len(left) // count, count, -1).sum((1, 3))

    return sum(of(leaf) for leaf in stacked.values())


def size(x: Params) -> int:
    """The number of entries: the dimension of the problem."""
    return sum(prod(leaf.shape) for leaf in x.values())


def unravel(vector: Array, like: Params) -> Params:
    """A vector (d,) as parameters: one entry after the other, in the order of the dictionary."""
    parts, first = {}, 0
    for name, leaf in like.items():
        parts[name] = vector[first : first + prod(leaf.shape)].reshape(leaf.shape)
        first += prod(leaf.shape)
    return parts


def ravel(ops: Ops, x: Params) -> Array:
    """The vector (d,) of all entries, which `split` cuts into the same parameters; x has arrays alone."""
    return ops.concatenate([leaf.reshape(-1) for leaf in x.values()])


def first_leaf(x: Params) -> Array:
    """A leaf, for its dtype and device."""
    return next(iter(x.values()))
