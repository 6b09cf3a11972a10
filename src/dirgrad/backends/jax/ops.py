"""The primitives of types.Ops in JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax import jvp as jvp
from jax import value_and_grad as value_and_grad
from jax import vjp as vjp
from jax.lax import scan as scan
from jax.nn import relu as relu
from jax.nn import sigmoid as sigmoid
from jax.numpy import concatenate as concatenate
from jax.numpy import exp as exp
from jax.numpy import mean as mean
from jax.numpy import sqrt as sqrt
from jax.numpy import sum as sum
from jax.numpy import tanh as tanh
from jax.numpy import zeros_like as zeros_like
from jax.random import fold_in as fold_in

from dirgrad.backends.jax import random


def vmap(f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
    return jax.vmap(f, axes)


def checkpoint(f: Callable[..., Array], /, *arguments: Array) -> Array:
    def backward(remembered: tuple[Array, ...], cotangent: Array) -> tuple[Array, ...]:
        first, *rest = remembered
        # XLA drops the barrier of jax.checkpoint on a CPU and takes the second run for the first, whose activations it then keeps.
        # A run that waits for the cotangent it cannot take for one that did not. Nor may it go on before the gradients of these
        # weights are found, or their activations would wait until all are run again.
        waiting = first + 0.0 * cotangent.ravel()[0]
        on, *found = jax.vjp(f, waiting, *rest)[1](cotangent)
        return (on + 0.0 * jnp.stack([leaf.ravel()[0] for leaf in found]).sum(), *found)

    run = jax.custom_vjp(f)
    run.defvjp(lambda *inputs: (f(*inputs), inputs), backward)
    return run(*arguments)


def linear_jvp(
    f: Callable[..., Array], x: Array, weight: Array, step: Array, p: Array | float, q: Array, /
) -> Array:
    return _linear_jvp(f(x, weight), step, p, q)


@jax.custom_jvp
def _linear_jvp(y: Array, step: Array, p: Array | float, q: Array) -> Array:
    return y


@_linear_jvp.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    (y, _, p, q), (moved, step, *_) = primals, tangents
    return y, moved + step * p * q


def depend_on(seen: Array, key: Array, /) -> Array:
    # Not a number times zero is no zero: a compiler cannot know what this is.
    known = (0 * seen).astype(jnp.uint32)
    return jax.random.wrap_key_data(jax.random.key_data(key) ^ known)


def flip(x: Array, /) -> Array:
    return jnp.flip(x, 0)


def batched_diagonal(x: Array, /) -> Array:
    return jnp.diagonal(x, axis1=0, axis2=2)


def arange(n: int, /) -> Array:
    return jnp.arange(n)


def asarray(x: np.ndarray, /) -> Array:
    return jnp.asarray(x)


def constant(x: np.ndarray, like: Array, /) -> Array:
    return jnp.asarray(x, like.dtype)


def axpy(a: Any, x: Array, y: Array, /) -> Array:
    return a * x + y


def addmm(a: Array, b: Array, y: Array, /) -> Array:
    return a @ b + y


def solve(a: Array, b: Array, /) -> Array:
    return jnp.linalg.pinv(a, hermitian=True) @ b


def clip(x: Array, bound: float, /) -> Array:
    return jnp.clip(x, -bound, bound)


def zeros(shape: tuple[int, ...], like: Array, /) -> Array:
    return jnp.zeros(shape, like.dtype)


def top_k_mask(x: Array, k: int, /) -> Array:
    return jnp.zeros_like(x).at[jax.lax.top_k(x, k)[1]].set(1)


def swap_axes(x: Array, first: int, second: int, /) -> Array:
    return jnp.swapaxes(x, first, second)


def conv2d(x: Array, kernel: Array, padding: int, /) -> Array:
    return (_convolve_by_matmul if jax.default_backend() == "cpu" else _convolve)(
        x, kernel, padding
    )


def _convolve(x: Array, kernel: Array, padding: int) -> Array:
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), [(padding, padding)] * 2)


def _convolve_by_matmul(x: Array, kernel: Array, padding: int) -> Array:
    # Inside a compiled loop XLA's CPU convolution falls back to a naive kernel, ten to fifty times slower than this.
    outputs, channels, rows, columns = kernel.shape
    x = jnp.pad(x.transpose(0, 2, 3, 1), ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    batch, height, width = x.shape[0], x.shape[1] - rows + 1, x.shape[2] - columns + 1
    shifted = [x[:, i : i + height, j : j + width] for i in range(rows) for j in range(columns)]
    patches = jnp.concatenate(shifted, axis=-1).reshape(
        batch * height * width, rows * columns * channels
    )
    matrix = kernel.transpose(2, 3, 1, 0).reshape(rows * columns * channels, outputs)
    return (patches @ matrix).reshape(batch, height, width, outputs).transpose(0, 3, 1, 2)


def max_pool2d(x: Array, /) -> Array:
    # Pairwise maxima of strided slices: XLA's reduce_window has a slow tangent on the CPU.
    height, width = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    x = jnp.maximum(x[:, :, 0:height:2], x[:, :, 1:height:2])
    return jnp.maximum(x[..., 0:width:2], x[..., 1:width:2])


def cross_entropy(logits: Array, labels: Array, /) -> Array:
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


def accuracy(logits: Array, labels: Array, /) -> Array:
    return jnp.mean(jnp.argmax(logits, axis=1) == labels, dtype=logits.dtype)


def normal(key: Array, n: int, like: Array, /) -> Array:
    return random.normal(key, n, like.dtype)


def native_normal(key: Array, n: int, like: Array, /) -> Array:
    return jax.random.normal(key, (n,), like.dtype)


def signs(key: Array, n: int, like: Array, /) -> Array:
    return random.signs(key, n, like.dtype)


def randint(key: Array, n: int, /) -> Array:
    return jax.random.randint(key, (), 0, n)


def one_hot(index: Array, n: int, like: Array, /) -> Array:
    return jax.nn.one_hot(index, n, dtype=like.dtype)
