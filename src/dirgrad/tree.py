"""Arithmetic on parameters: flat dictionaries of arrays, the same shape of data in both frameworks."""

from collections.abc import Callable
from math import prod

from dirgrad.types import Array, Ops, Params


def each(f: Callable[[Array], Array], x: Params) -> Params:
    """f of every array."""
    return {name: f(leaf) for name, leaf in x.items()}


def axpy(ops: Ops, a: Array, x: Params, y: Params) -> Params:
    """a x + y for a scalar a."""
    return {name: ops.axpy(a, x[name], y[name]) for name in y}


def scale(a: Array, x: Params) -> Params:
    """a x for a scalar a."""
    return each(lambda leaf: a * leaf, x)


def dot(ops: Ops, x: Params, y: Params) -> Array:
    """<x, y> over all entries: ()."""
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


def any_leaf(x: Params) -> Array:
    """A leaf, for its dtype and device."""
    return next(iter(x.values()))
