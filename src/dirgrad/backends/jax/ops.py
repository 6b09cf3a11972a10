"""The primitives of `core.types.Ops` in JAX."""

from collections.abc import Callable, Sequence
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
from jax.nn import softmax as softmax
from jax.numpy import concatenate as concatenate
from jax.numpy import cos as cos
from jax.numpy import exp as exp
from jax.numpy import log as log
from jax.numpy import maximum as maximum
from jax.numpy import mean as mean
from jax.numpy import sign as sign
from jax.numpy import sin as sin
from jax.numpy import sqrt as sqrt
from jax.numpy import sum as sum
from jax.numpy import tanh as tanh
from jax.numpy import where as where
from jax.numpy import zeros_like as zeros_like
from jax.random import fold_in as fold_in

from dirgrad.backends.jax import convolution, random


def vmap(f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
    return jax.vmap(f, axes)


def switch(index: Array, branches: Sequence[Callable[[], Any]], /) -> Any:
    return jax.lax.switch(index, branches)


def apply_if(index: Array, i: int, f: Callable[[Array, Any], Any], a: Any, x: Any, /) -> Any:
    # XLA copies what a branch of a conditional returns unchanged. The state of a loop keeps its
    # buffers, also if the loop takes no step.
    num_steps = (index == i).astype(jnp.int32)

    # XLA moves what does not depend on the step out of the loop, where it is always computed. The
    # only step has the number 0.
    def take_step(step: Array, state: Any) -> Any:
        return f(a * (step + 1), state)

    return jax.lax.fori_loop(0, num_steps, take_step, x)


def checkpoint(f: Callable[..., Array], /, *arguments: Array) -> Array:
    def backward(stored: tuple[Array, ...], cotangent: Array) -> tuple[Array, ...]:
        x, *weights = stored
        # XLA drops the barrier of jax.checkpoint on a CPU. It then merges the recomputation with
        # the first run and stores the activations after all. Adding 0 * cotangent prevents this,
        # because the first run cannot depend on the cotangent.
        delayed_x = x + 0.0 * cotangent.ravel()[0]
        _, pull = jax.vjp(f, delayed_x, *weights)
        x_gradient, *weight_gradients = pull(cotangent)
        # The next recomputation must wait for the gradients of these weights. Otherwise the
        # activations of these layers stay in memory until all layers are recomputed.
        first_entries = [gradient.ravel()[0] for gradient in weight_gradients]
        return (x_gradient + 0.0 * jnp.stack(first_entries).sum(), *weight_gradients)

    run = jax.custom_vjp(f)
    run.defvjp(lambda *inputs: (f(*inputs), inputs), backward)
    return run(*arguments)


def linear_jvp(
    f: Callable[..., Array],
    x: Array,
    weight: Array,
    step: Array,
    p: Array | float,
    q: Array,
    /,
) -> Array:
    return _linear_jvp(f(x, weight), step, p, q)


@jax.custom_jvp
def _linear_jvp(y: Array, step: Array, p: Array | float, q: Array) -> Array:
    return y


@_linear_jvp.defjvp
def _(primals: tuple[Array, ...], tangents: tuple[Array, ...]) -> tuple[Array, Array]:
    y, _, p, q = primals
    y_tangent, step_tangent, *_ = tangents
    return y, y_tangent + step_tangent * p * q


def resting_linear(f: Callable[..., Array], x: Array, weight: Array, /) -> Array:
    # The tangent of a product with an array that has none takes one product.
    return f(x, weight)


def depend_on(seen: Array, key: Array, /) -> Array:
    # The compiler cannot replace 0 * seen by 0, because it would be NaN for a NaN.
    zero = (0 * seen).astype(jnp.uint32)
    words = jax.random.key_data(key) ^ zero
    return jax.random.wrap_key_data(words)


def abs(x: Array, /) -> Array:
    # The derivative of jnp.abs at 0 is 1, and that of torch.abs is 0.
    return x * jnp.sign(x)


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
    _, indices = jax.lax.top_k(x, k)
    return jnp.zeros_like(x).at[indices].set(1)


def swap_axes(x: Array, first: int, second: int, /) -> Array:
    return jnp.swapaxes(x, first, second)


def conv2d(x: Array, kernel: Array, padding: int, /) -> Array:
    on_cpu = jax.default_backend() == "cpu"
    # Inside a compiled loop, XLA's CPU convolution falls back to a naive implementation, which is
    # 10 to 50 times slower than matrix products.
    convolve = convolution.convolve if on_cpu else _convolve
    return convolve(x, kernel, padding)


def _convolve(x: Array, kernel: Array, padding: int) -> Array:
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), [(padding, padding)] * 2)


def max_pool2d(x: Array, /) -> Array:
    # Take pairwise maxima of strided slices, because differentiating XLA's reduce_window in forward
    # mode is slow on a CPU.
    height = x.shape[2] // 2 * 2
    width = x.shape[3] // 2 * 2
    x = jnp.maximum(x[:, :, 0:height:2], x[:, :, 1:height:2])
    return jnp.maximum(x[..., 0:width:2], x[..., 1:width:2])


def cross_entropy(logits: Array, labels: Array, /) -> Array:
    log_probabilities = jax.nn.log_softmax(logits)
    label_terms = jnp.take_along_axis(log_probabilities, labels[:, None], axis=1)
    return -jnp.mean(label_terms)


def accuracy(logits: Array, labels: Array, /) -> Array:
    correct = jnp.argmax(logits, axis=1) == labels
    return jnp.mean(correct, dtype=logits.dtype)


def uniform(key: Array, n: int, like: Array, /) -> Array:
    return random.uniform(key, n, like.dtype)


def normal(key: Array, n: int, like: Array, /) -> Array:
    return random.normal(key, n, like.dtype)


def native_normal(key: Array, n: int, like: Array, /) -> Array:
    return jax.random.normal(key, (n,), like.dtype)


def signs(key: Array, n: int, like: Array, /) -> Array:
    return random.signs(key, n, like.dtype)


def reused_signs(key: Array, n: int, like: Array, /) -> Array:
    return random.reused_signs(key, n, like.dtype)


def randint(key: Array, n: int, /) -> Array:
    return jax.random.randint(key, (), 0, n)


def choose(key: Array, limits: Array, n: int, /) -> Array:
    drawn = random.bits(key, 1)[0] % jnp.uint32(n)
    return jnp.sum(drawn.astype(jnp.int32) >= jnp.asarray(limits))


def one_hot(index: Array, n: int, like: Array, /) -> Array:
    return jax.nn.one_hot(index, n, dtype=like.dtype)
