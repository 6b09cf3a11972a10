"""The operations that the mathematics of this package asks of a framework."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from dirgrad.core.arrays import Array, Key, Loss, Params
from dirgrad.core.control_flow import ControlFlow


class Ops(ControlFlow, Protocol):
    """Mathematical operations of a framework.

    The module `ops` of each backend satisfies this protocol. The arrays of both frameworks already
    share the operators + - * / @ ** [], so the protocol does not list them. Images are NCHW and
    kernels are OIHW in both frameworks.

    Example:
        >>> ops = backends.load("jax").ops
        >>> x = ops.asarray(np.array([1.0, 2.0]))
        >>> value, slope = ops.jvp(lambda x: ops.sum(x * x), (x,), (x,))
        >>> float(value), float(slope)
        (5.0, 10.0)
    """

    # Derivatives

    def jvp(
        self,
        f: Callable[..., Any],
        primals: tuple[Any, ...],
        tangents: tuple[Any, ...],
        /,
    ) -> tuple[Any, Any]:
        """Return (f(*primals), directional derivative of f along the tangents).

        The tangents have the shapes of the primals. The derivative has the shapes of the value.
        """

    def vjp(
        self, f: Callable[..., Any], *primals: Any
    ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """Return (f(*primals), pullback).

        The pullback maps a cotangent with the shapes of the value to one cotangent per primal, with
        the shapes of the primals.
        """

    def value_and_grad(self, f: Loss, /) -> Callable[[Params], tuple[Array, Params]]:
        """Return the map from parameters to (f (), gradient with the shapes of the parameters)."""

    def checkpoint(self, f: Callable[..., Array], /, *arguments: Array) -> Array:
        """Compute f(*arguments) and return its one array.

        Reverse mode stores only the arguments and recomputes f (gradient checkpointing).
        """

    def linear_jvp(
        self,
        f: Callable[..., Array],
        x: Array,
        weight: Array,
        step: Array,
        p: Array | float,
        q: Array,
        /,
    ) -> Array:
        """Compute f(x, weight), where f is linear in x, and add a known tangent along `step`.

        A tangent dx of x and a tangent ds of `step` give the tangent f(dx, weight) + ds p q. Only
        forward mode is supported. The other arguments must have no tangent.

        Args:
            f: Map (x, weight) -> array.
            x: First argument of f.
            weight: Second argument of f.
            step: Scalar with the value 0: ().
            p: First factor of the derivative along `step`.
            q: Second factor. The product p q broadcasts to the shape of the result.
        """

    def resting_linear(self, f: Callable[..., Array], x: Array, weight: Array, /) -> Array:
        """Compute f(x, weight), where f is linear in x and only x may have a tangent.

        A tangent dx of x gives the tangent f(dx, weight). Only forward mode is supported.

        Args:
            f: Map (x, weight) -> array.
            x: First argument of f.
            weight: Second argument of f.
        """

    def depend_on(self, seen: Array, key: Key, /) -> Key:
        """Return `key` with a data dependency on `seen`, where the framework has a compiler.

        With the dependency, a draw from the key can be neither hoisted above the computation of
        `seen` nor shared with an earlier draw from the same key.
        """

    # Construction of arrays

    def arange(self, n: int, /) -> Array:
        """Return the integers 0, ..., n - 1, to scan over or to fold into keys: (n,)."""

    def asarray(self, x: np.ndarray, /) -> Array:
        """Return a NumPy array as an array of the framework, with the same shape."""

    def constant(self, x: np.ndarray, like: Array, /) -> Array:
        """Return x as an array of its own shape with the dtype and device of `like`."""

    def zeros_like(self, x: Array, /) -> Array:
        """Return zeros with the shape, dtype and device of x."""

    def zeros(self, shape: tuple[int, ...], like: Array, /) -> Array:
        """Return zeros of this shape with the dtype and device of `like`."""

    def one_hot(self, index: Array, n: int, like: Array, /) -> Array:
        """Return 1 at position `index` () and 0 elsewhere, with the dtype of `like`: (n,)."""

    # Linear algebra

    def axpy(self, a: Array, x: Array, y: Array, /) -> Array:
        """Return a x + y for a factor a that broadcasts, fused where the framework can fuse it."""

    def addmm(self, a: Array, b: Array, y: Array, /) -> Array:
        """Return a @ b + y, fused where the framework can fuse it: (m, k), (k, n), (m, n)."""

    def solve(self, a: Array, b: Array, /) -> Array:
        """Return the x of least norm that minimizes ||a x - b||, for a symmetric a.

        Shapes: a (k, k), b (k,), result (k,).
        """

    # Elementwise functions: the result has the shape of x, or of the broadcast arguments.

    def abs(self, x: Array, /) -> Array:
        """Return the magnitude of each entry. The derivative is `sign`, and thus 0 at 0."""

    def sign(self, x: Array, /) -> Array:
        """Return -1, 0 or 1 for each entry. The derivative is 0."""

    def exp(self, x: Array, /) -> Array:
        """Return e to the power of each entry."""

    def log(self, x: Array, /) -> Array:
        """Return the natural logarithm of each entry."""

    def sin(self, x: Array, /) -> Array:
        """Return the sine of each entry, in radians."""

    def cos(self, x: Array, /) -> Array:
        """Return the cosine of each entry, in radians."""

    def sqrt(self, x: Array, /) -> Array:
        """Return the square root of each entry."""

    def tanh(self, x: Array, /) -> Array:
        """Return the hyperbolic tangent of each entry."""

    def sigmoid(self, x: Array, /) -> Array:
        """Return 1 / (1 + e^-x) for each entry."""

    def relu(self, x: Array, /) -> Array:
        """Return max(x, 0) for each entry."""

    def clip(self, x: Array, bound: float, /) -> Array:
        """Clip each entry to [-bound, bound]."""

    def maximum(self, x: Array, y: Array, /) -> Array:
        """Return the larger of two entries. Where they are equal, each has the derivative 1/2."""

    def where(self, condition: Array, x: Array, y: Array, /) -> Array:
        """Return the entries of x where the boolean condition holds, else the entries of y.

        The derivatives of x and y are 0 where they are not selected.
        """

    # Reductions and rearrangements

    def sum(self, x: Array, /) -> Array:
        """Return the sum of all entries: ()."""

    def mean(self, x: Array, /) -> Array:
        """Return the mean of all entries: ()."""

    def flip(self, x: Array, /) -> Array:
        """Reverse the first axis."""

    def concatenate(self, xs: list[Array], /) -> Array:
        """Join arrays (n_i, ...) along the first axis: (sum of n_i, ...)."""

    def swap_axes(self, x: Array, first: int, second: int, /) -> Array:
        """Exchange two axes."""

    def batched_diagonal(self, x: Array, /) -> Array:
        """Return the entries whose first and last index agree: (n, g, n) -> (g, n)."""

    def top_k_mask(self, x: Array, k: int, /) -> Array:
        """Return 1 at the k largest entries and 0 elsewhere, with the dtype of x: (n,) -> (n,).

        Among equal entries the first ones count as larger. It requires 0 <= k <= n.
        """

    # Neural networks

    def conv2d(self, x: Array, kernel: Array, padding: int, /) -> Array:
        """Return the cross-correlation of x and the kernel with stride 1.

        Shapes: x (n, c, h, w), kernel (o, c, kh, kw), result (n, o, h + 2 padding - kh + 1,
        w + 2 padding - kw + 1).
        """

    def max_pool2d(self, x: Array, /) -> Array:
        """Return the maximum of each 2 x 2 window with stride 2.

        An odd last row or column is dropped: (n, c, h, w) -> (n, c, h // 2, w // 2).
        """

    def softmax(self, x: Array, /) -> Array:
        """Return exp(x) over its sum along the last axis, without overflow for large entries."""

    def cross_entropy(self, logits: Array, labels: Array, /) -> Array:
        """Return the mean over the batch of -log softmax(logits)[label], in nats.

        Shapes: logits (n, classes), labels (n,), result ().
        """

    def accuracy(self, logits: Array, labels: Array, /) -> Array:
        """Return the fraction of examples whose largest logit is at the label.

        Shapes: logits (n, classes), labels (n,), result ().
        """

    # Random draws

    def fold_in(self, key: Key, i: Any, /) -> Key:
        """Derive a new key from a key and an integer i ()."""

    def uniform(self, key: Key, n: int, like: Array, /) -> Array:
        """Draw n independent values, uniform on [0, 1), with the dtype and device of `like`: (n,).

        Every value is a multiple of 2^-23 or of a smaller power of two.
        """

    def normal(self, key: Key, n: int, like: Array, /) -> Array:
        """Draw n independent values from N(0, 1), with the dtype and device of `like`: (n,)."""

    def native_normal(self, key: Key, n: int, like: Array, /) -> Array:
        """Draw like `normal`, with the framework's own generator: (n,)."""

    def signs(self, key: Key, n: int, like: Array, /) -> Array:
        """Draw n independent signs, with the dtype and device of `like`: (n,).

        Each is -1 or 1 with probability 1/2.
        """

    def reused_signs(self, key: Key, n: int, like: Array, /) -> Array:
        """Draw the same signs as `signs`, and store them because each is used many times: (n,)."""

    def randint(self, key: Key, n: int, /) -> Array:
        """Draw an integer that is uniform on 0, ..., n - 1: ()."""

    def choose(self, key: Key, limits: Array, n: int, /) -> Array:
        """Choose the index i with the probability (limits[i] - limits[i - 1]) / n: ().

        It is the number of limits that an integer, uniform on 0, ..., n - 1, reaches. The program
        may be compiled once for each index.

        Args:
            key: Random key.
            limits: Ascending numbers between 0 and n: (choices - 1,). Before the first limit
                stands 0, and after the last one n.
            n: Number of integers, at most 2^30.
        """
