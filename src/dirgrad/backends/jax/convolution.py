"""Convolutions by matrix products.

A convolution is a matrix product between two rearrangements. For each axis of the kernel, the
shifts of the input are concatenated before the product, or the shifts of the result are added after
it. The two rearrangements together have the fewest entries with one axis before and one after the
product. A first layer has few channels, so it concatenates all shifts. Along an outer product the
kernel has one output, so all shifts are added.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array

CHUNK_BYTES = 10_000_000
"""Largest size of the two rearrangements of a chunk, so that they stay in a cache.

Larger arrays also cost time because the allocator of the C library gives blocks of more than 32 MB
back to the system after each call.
"""

Axes: TypeAlias = tuple[int, ...]


class Shifts(NamedTuple):
    """Axes of a kernel with shifts before the matrix product, and axes with shifts after it."""

    before: Axes
    after: Axes

    def lengths(self, size: Sequence[int]) -> tuple[int, int]:
        """Return the number of shifts before and after the product."""
        return prod(size[axis] for axis in self.before), prod(size[axis] for axis in self.after)


CHOICES = (Shifts((0, 1), ()), Shifts((1,), (0,)), Shifts((), (0, 1)))


def convolve(x: Array, kernel: Array, padding: int) -> Array:
    """Return the cross-correlation of x and the kernel with stride 1, see `Ops.conv2d`."""
    size = kernel.shape[2:]
    shifts = _choose(kernel.shape, padding)
    matrix = _matrix(kernel, shifts)

    def convolve_chunk(x: Array) -> Array:
        for axis in reversed(shifts.before):
            x = _gather(x, axis + 1, size[axis], padding)
        y = x @ matrix
        for axis in shifts.after:
            y = _sum_shifted(y, axis + 1, size[axis], padding)
        return y

    x = x.transpose(0, 2, 3, 1)
    num_positions = prod(x.shape[:3])
    num_bytes = num_positions * (matrix.shape[0] + matrix.shape[1]) * x.dtype.itemsize
    y = _in_chunks(convolve_chunk, x, num_bytes)
    return y.transpose(0, 3, 1, 2)


def _choose(kernel_shape: Sequence[int], padding: int) -> Shifts:
    outputs, channels, *size = kernel_shape

    def num_columns(shifts: Shifts) -> int:
        before, after = shifts.lengths(size)
        return channels * before + outputs * after

    # Where the result is shorter than the input, some products would serve no sum after it.
    allowed = [
        shifts for shifts in CHOICES if all(2 * padding >= size[axis] - 1 for axis in shifts.after)
    ]
    return min(allowed, key=num_columns)


def _matrix(kernel: Array, shifts: Shifts) -> Array:
    """Return the kernel (o, c, kh, kw) as a matrix from (shifts before, c) to (shifts after, o)."""
    before, after = ([axis + 2 for axis in axes] for axes in shifts)
    num_before, _ = shifts.lengths(kernel.shape[2:])
    matrix = kernel.transpose(*before, 1, *after, 0)
    return matrix.reshape(num_before * kernel.shape[1], -1)


def _gather(x: Array, axis: int, size: int, padding: int) -> Array:
    """Concatenate the `size` shifts of x (..., c) along an axis: (..., size c)."""
    length = x.shape[axis] + 2 * padding - size + 1
    return jnp.concatenate([_shift(x, axis, i - padding, length) for i in range(size)], axis=-1)


def _sum_shifted(y: Array, axis: int, size: int, padding: int) -> Array:
    """Return the sum of shift i of part i of y, whose last axis has `size` parts: (..., o)."""
    length = y.shape[axis] + 2 * padding - size + 1
    parts = jnp.split(y, size, axis=-1)
    return reduce(
        jnp.add, [_shift(part, axis, i - padding, length) for i, part in enumerate(parts)]
    )


def _shift(x: Array, axis: int, first: int, length: int) -> Array:
    """Return x[first : first + length] along an axis, with zeros outside of x."""
    widths = [(0, 0, 0)] * x.ndim
    widths[axis] = (-first, first + length - x.shape[axis], 0)
    return jax.lax.pad(x, jnp.zeros((), x.dtype), widths)


def _in_chunks(f: Callable[[Array], Array], x: Array, num_bytes: int) -> Array:
    """Return f(x) for a map f that acts on each example, chunk by chunk if x needs many bytes."""
    num_examples = len(x)
    counts = (n for n in range(1, num_examples) if num_examples % n == 0)
    num_chunks = next((n for n in counts if num_bytes <= n * CHUNK_BYTES), num_examples)
    if num_chunks <= 1:
        return f(x)
    y = jax.lax.map(f, x.reshape(num_chunks, -1, *x.shape[1:]))
    return y.reshape(-1, *y.shape[2:])
