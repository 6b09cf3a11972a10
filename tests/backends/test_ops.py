"""The primitives of `core.ops.Ops` agree with NumPy and SciPy in both frameworks."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import signal, special

from dirgrad.core.types import Array, Backend, Ops

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4))
POSITIVE_DEFINITE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.5]])
IMAGES = RNG.standard_normal((2, 3, 7, 6))
KERNEL = RNG.standard_normal((4, 3, 3, 3))
LOGITS = RNG.standard_normal((5, 4))
LABELS = np.array([0, 3, 1, 1, 2])


def cross_correlation(images: np.ndarray, kernel: np.ndarray, padding: int) -> np.ndarray:
    border = (padding, padding)
    padded = np.pad(images, ((0, 0), (0, 0), border, border))
    return np.array([correlate_image(image, kernel) for image in padded])


def correlate_image(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return np.array([correlate_channels(image, output_kernel) for output_kernel in kernel])


def correlate_channels(image: np.ndarray, output_kernel: np.ndarray) -> np.ndarray:
    channels = zip(image, output_kernel, strict=True)
    return sum(signal.correlate2d(channel, weights, "valid") for channel, weights in channels)


def max_pool(images: np.ndarray) -> np.ndarray:
    n, c, h, w = images.shape
    even = images[:, :, : h // 2 * 2, : w // 2 * 2]
    windows = even.reshape(n, c, h // 2, 2, w // 2, 2)
    return windows.max(axis=(3, 5))


class Primitive(NamedTuple):
    """A use of a primitive.

    Attributes:
        compute: Map (ops, x) -> result in the framework.
        x: The argument.
        expected: Map x -> result in NumPy.
    """

    compute: Callable[[Ops, Array], Any]
    x: np.ndarray
    expected: Callable[[np.ndarray], Any]


PRIMITIVES = {
    # Derivatives and control flow
    "vjp with two arguments": Primitive(
        lambda ops, x: ops.vjp(lambda a, b: a * a * b, x, ops.exp(x))[1](x)[0],
        X,
        lambda x: 2 * x * np.exp(x) * x,
    ),
    "vjp with a dictionary as result": Primitive(
        lambda ops, x: ops.vjp(lambda a: {"y": a * a}, x)[1]({"y": x})[0],
        X,
        lambda x: 2 * x * x,
    ),
    "vmap over the second argument": Primitive(
        lambda ops, x: ops.vmap(lambda a, b: a @ b, (None, 0))(x, x),
        X,
        lambda x: (x @ x.T).T,
    ),
    "scan": Primitive(
        lambda ops, x: ops.scan(lambda total, row: (total + row, total * row), x[0] * 0, x)[1],
        X,
        lambda x: (np.cumsum(x, 0) - x) * x,
    ),
    "scan over two arrays": Primitive(
        lambda ops, x: ops.scan(
            lambda total, rows: (total + rows[0] * rows[1], total), x[0] * 0, (x, 2 * x)
        )[0],
        X,
        lambda x: (2 * x * x).sum(0),
    ),
    # Construction of arrays
    "constant": Primitive(
        lambda ops, x: ops.constant(np.arange(4), x) * x,
        X,
        lambda x: np.arange(4) * x,
    ),
    "zeros": Primitive(lambda ops, x: ops.zeros((2, 3), x), X, lambda x: np.zeros((2, 3))),
    "zeros_like": Primitive(lambda ops, x: ops.zeros_like(x), X, np.zeros_like),
    "one_hot": Primitive(
        lambda ops, x: ops.one_hot(ops.arange(5)[2], 5, x),
        X,
        lambda x: np.eye(5)[2],
    ),
    # Linear algebra
    "axpy": Primitive(lambda ops, x: ops.axpy(2.5, x, x * x), X, lambda x: 2.5 * x + x * x),
    "axpy with an array as factor": Primitive(
        lambda ops, x: ops.axpy(ops.sum(x), x, x),
        X,
        lambda x: x.sum() * x + x,
    ),
    "addmm": Primitive(
        lambda ops, x: ops.addmm(x, ops.swap_axes(x, 0, 1), x @ ops.swap_axes(x, 0, 1)),
        X,
        lambda x: 2 * x @ x.T,
    ),
    "solve": Primitive(
        lambda ops, x: ops.solve(ops.constant(POSITIVE_DEFINITE, x), x[:, 0]),
        X,
        lambda x: np.linalg.solve(POSITIVE_DEFINITE, x[:, 0]),
    ),
    "solve with a singular matrix": Primitive(
        lambda ops, x: ops.solve(ops.swap_axes(x[:1], 0, 1) @ x[:1], x[0]),
        X,
        lambda x: np.linalg.lstsq(x[:1].T @ x[:1], x[0])[0],
    ),
    # Elementwise functions
    "abs": Primitive(lambda ops, x: ops.abs(x), X, np.abs),
    "sign": Primitive(lambda ops, x: ops.sign(x), X, np.sign),
    "log": Primitive(lambda ops, x: ops.log(x * x), X, lambda x: np.log(x * x)),
    "sin": Primitive(lambda ops, x: ops.sin(3 * x), X, lambda x: np.sin(3 * x)),
    "cos": Primitive(lambda ops, x: ops.cos(3 * x), X, lambda x: np.cos(3 * x)),
    "maximum with broadcasting": Primitive(
        lambda ops, x: ops.maximum(x, x[0]),
        X,
        lambda x: np.maximum(x, x[0]),
    ),
    "where": Primitive(
        lambda ops, x: ops.where(x > 0.2, x * x, -x),
        X,
        lambda x: np.where(x > 0.2, x * x, -x),
    ),
    "exp": Primitive(lambda ops, x: ops.exp(x), X, np.exp),
    "sqrt": Primitive(lambda ops, x: ops.sqrt(x * x), X, np.abs),
    "tanh": Primitive(lambda ops, x: ops.tanh(x), X, np.tanh),
    "sigmoid": Primitive(lambda ops, x: ops.sigmoid(x), X, special.expit),
    "softmax": Primitive(lambda ops, x: ops.softmax(x), X, lambda x: special.softmax(x, -1)),
    "softmax of large entries": Primitive(
        lambda ops, x: ops.softmax(1e4 + 1e3 * x), X, lambda x: special.softmax(1e3 * x, -1)
    ),
    "relu": Primitive(lambda ops, x: ops.relu(x), X, lambda x: np.maximum(x, 0)),
    "clip": Primitive(lambda ops, x: ops.clip(x, 0.5), X, lambda x: np.clip(x, -0.5, 0.5)),
    # Reductions and rearrangements
    "sum": Primitive(lambda ops, x: ops.sum(x), X, np.sum),
    "mean": Primitive(lambda ops, x: ops.mean(x), X, np.mean),
    "flip": Primitive(lambda ops, x: ops.flip(x), X, lambda x: x[::-1]),
    "concatenate": Primitive(
        lambda ops, x: ops.concatenate([x, 2 * x]),
        X,
        lambda x: np.concatenate([x, 2 * x]),
    ),
    "swap_axes": Primitive(lambda ops, x: ops.swap_axes(x, 0, 1), X, np.transpose),
    "batched_diagonal": Primitive(
        lambda ops, x: ops.batched_diagonal(x[:, :3].reshape(3, 1, 3)),
        X,
        lambda x: np.diagonal(x[:, :3])[None],
    ),
    "top_k_mask": Primitive(
        lambda ops, x: ops.top_k_mask(x[0], 2),
        X,
        lambda x: (x[0] >= np.sort(x[0])[-2]) * 1.0,
    ),
    "top_k_mask of equal entries": Primitive(
        lambda ops, x: ops.top_k_mask(0 * x[0] + 1, 2),
        X,
        lambda x: np.array([1.0, 1.0, 0.0, 0.0]),
    ),
    "top_k_mask under vmap": Primitive(
        lambda ops, x: ops.vmap(lambda row: ops.top_k_mask(row, 3))(x),
        X,
        lambda x: (x > x.min(axis=1, keepdims=True)) * 1.0,
    ),
    # Neural networks
    "conv2d without padding": Primitive(
        lambda ops, x: ops.conv2d(x, ops.constant(KERNEL, x), 0),
        IMAGES,
        lambda x: cross_correlation(x, KERNEL, 0),
    ),
    "conv2d with padding": Primitive(
        lambda ops, x: ops.conv2d(x, ops.constant(KERNEL, x), 1),
        IMAGES,
        lambda x: cross_correlation(x, KERNEL, 1),
    ),
    "max_pool2d": Primitive(lambda ops, x: ops.max_pool2d(x), IMAGES, max_pool),
    "cross_entropy": Primitive(
        lambda ops, x: ops.cross_entropy(x, ops.asarray(LABELS)),
        LOGITS,
        lambda x: -special.log_softmax(x, axis=1)[np.arange(5), LABELS].mean(),
    ),
    "accuracy": Primitive(
        lambda ops, x: ops.accuracy(x, ops.asarray(LABELS)),
        LOGITS,
        lambda x: np.mean(x.argmax(axis=1) == LABELS),
    ),
}
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


@pytest.mark.parametrize("name", PRIMITIVES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_primitive_agrees_with_numpy_and_preserves_the_dtype(
    backend: Backend, name: str, dtype: str
) -> None:
    primitive = PRIMITIVES[name]
    x = backend.ops.asarray(primitive.x.astype(dtype))
    result = backend.engine.to_numpy(primitive.compute(backend.ops, x))
    expected = primitive.expected(primitive.x)
    assert result.dtype == dtype
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


class Elementwise(NamedTuple):
    """An elementwise function of two arrays.

    Attributes:
        compute: Map (ops, x, y) -> result in the framework.
        derivatives: Map (x, y) -> derivatives of an entry of the result with respect to the entries
            of x and of y, in NumPy.
    """

    compute: Callable[[Ops, Array, Array], Array]
    derivatives: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


ELEMENTWISE = {
    "abs": Elementwise(lambda ops, x, y: ops.abs(x) * y, lambda x, y: (np.sign(x) * y, np.abs(x))),
    "sign": Elementwise(lambda ops, x, y: ops.sign(x) * y, lambda x, y: (0 * x, np.sign(x))),
    "log": Elementwise(
        lambda ops, x, y: ops.log(x * x + 0.5) * y,
        lambda x, y: (2 * x / (x * x + 0.5) * y, np.log(x * x + 0.5)),
    ),
    "sin": Elementwise(
        lambda ops, x, y: ops.sin(x * y),
        lambda x, y: (y * np.cos(x * y), x * np.cos(x * y)),
    ),
    "cos": Elementwise(
        lambda ops, x, y: ops.cos(x * y),
        lambda x, y: (-y * np.sin(x * y), -x * np.sin(x * y)),
    ),
    "maximum": Elementwise(
        lambda ops, x, y: ops.maximum(x, y),
        lambda x, y: ((1 + np.sign(x - y)) / 2, (1 - np.sign(x - y)) / 2),
    ),
    "where": Elementwise(
        lambda ops, x, y: ops.where(x > y, x * x, 3 * y),
        lambda x, y: (2 * x * (x > y), 3.0 * (x <= y)),
    ),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_derivatives_of_an_elementwise_function_are_its_closed_forms(
    backend: Backend, name: str, dtype: str
) -> None:
    """The JVP and the VJP are checked at once for all rows, with and without vmap."""
    ops, to_numpy = backend.ops, backend.engine.to_numpy
    compute, derivatives = ELEMENTWISE[name]
    # The first entries meet the kinks: x = 0, and x = y.
    x, y, dx, dy, cotangent = np.random.default_rng(1).standard_normal((5, 3, 4)).astype(dtype)
    x[0, 0] = 0.0
    x[1, 1] = y[1, 1]
    arrays = [ops.asarray(array) for array in (x, y, dx, dy, cotangent)]

    def differentiate(x: Array, y: Array, dx: Array, dy: Array, cotangent: Array) -> Any:
        def f(x: Array, y: Array) -> Array:
            return compute(ops, x, y)

        _, tangent = ops.jvp(f, (x, y), (dx, dy))
        _, pull = ops.vjp(f, x, y)
        return tangent, *pull(cotangent)

    along_x, along_y = derivatives(x.astype(np.float64), y.astype(np.float64))
    expected = (along_x * dx + along_y * dy, along_x * cotangent, along_y * cotangent)
    for f in (differentiate, ops.vmap(differentiate)):
        for result, reference in zip(f(*arrays), expected, strict=True):
            assert to_numpy(result).dtype == dtype
            np.testing.assert_allclose(
                to_numpy(result), reference, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
            )
