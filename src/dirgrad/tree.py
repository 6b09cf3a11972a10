"""Arithmetic on parameters: flat dictionaries of arrays, the same shape of data in both frameworks."""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from dirgrad.types import Array, Ops, Params


class Outer(NamedTuple):
    """The array left right^T, kept as its factors. left: (m,); right: what is left of the array's shape (m, ...)."""

    left: Array
    right: Array

    def column(self) -> Array:
        """left, to be multiplied by right."""
        return self.left.reshape(-1, *(1,) * self.right.ndim)


def each(f: Callable[[Array], Array], x: Params) -> Params:
    """f of every array."""
    return {name: f(leaf) for name, leaf in x.items()}


def axpy(ops: Ops, a: Array, x: Params, y: Params) -> Params:
    """a x + y for a scalar a; y has arrays alone, x may have outer products, which are not formed."""

    def of(x: Array | Outer, y: Array) -> Array:
        return ops.axpy(a * x.column(), x.right, y) if isinstance(x, Outer) else ops.axpy(a, x, y)

    return {name: of(x[name], leaf) for name, leaf in y.items()}


def scale(a: Array, x: Params) -> Params:
    """a x for a scalar a; an outer product stays one."""
    return each(lambda leaf: Outer(a * leaf.left, leaf.right) if isinstance(leaf, Outer) else a * leaf, x)


def dense(x: Params) -> Params:
    """x with every outer product formed."""
    return each(lambda leaf: leaf.column() * leaf.right if isinstance(leaf, Outer) else leaf, x)


def dot(ops: Ops, x: Params, y: Params) -> Array:
    """<x, y> over all entries: ()."""
    x, y = dense(x), dense(y)
    return sum(ops.sum(x[name] * y[name]) for name in y)


def length_squared(ops: Ops, x: Params) -> Array:
    """||x||^2, at least the smallest normal number of float32, so that it can be divided by: ()."""
    return dot(ops, x, x) + 1.2e-38


def length(ops: Ops, x: Params) -> Array:
    """||x||: ()."""
    return ops.sqrt(length_squared(ops, x))


def unit(ops: Ops, x: Params) -> Params:
    """x / ||x||; 0 if it is 0."""
    return scale(1 / length(ops, x), x)


def combine(weights: Array, stacked: Params) -> Params:
    """sum_j w_j x_j. weights: (k,); stacked: leaves of (k, ...)."""
    return each(lambda leaf: (weights @ leaf.reshape(leaf.shape[0], -1)).reshape(leaf.shape[1:]), stacked)


def size(x: Params) -> int:
    """The number of entries: the dimension of the problem."""
    return sum(prod(leaf.shape) for leaf in x.values())


def split(vector: Array, like: Params) -> Params:
    """A vector (d,) as parameters: one entry after the other, in the order of the dictionary."""
    parts, first = {}, 0
    for name, leaf in like.items():
        parts[name] = vector[first : first + prod(leaf.shape)].reshape(leaf.shape)
        first += prod(leaf.shape)
    return parts


def join(ops: Ops, x: Params) -> Array:
    """The vector (d,) of all entries, which `split` cuts into the same parameters; x has arrays alone."""
    return ops.concatenate([leaf.reshape(-1) for leaf in x.values()])


def any_leaf(x: Params) -> Array:
    """A leaf, for its dtype and device."""
    return next(iter(x.values()))
