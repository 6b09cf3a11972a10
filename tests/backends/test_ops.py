"""Every primitive of both frameworks against NumPy and SciPy: the contract of types.Ops."""

import numpy as np
import pytest
from scipy import signal, special, stats

from dirgrad.core.types import Backend

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4))
POSITIVE = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.5]])
IMAGES, KERNEL = RNG.standard_normal((2, 3, 7, 6)), RNG.standard_normal((4, 3, 3, 3))
LOGITS, LABELS = RNG.standard_normal((5, 4)), np.array([0, 3, 1, 1, 2])


def correlated(images: np.ndarray, kernel: np.ndarray, padding: int) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.array(
        [
            [
                sum(signal.correlate2d(c, k, "valid") for c, k in zip(x, o, strict=True))
                for o in kernel
            ]
            for x in padded
        ]
    )


def pooled(images: np.ndarray) -> np.ndarray:
    n, c, h, w = images.shape
    return (
        images[:, :, : h // 2 * 2, : w // 2 * 2]
        .reshape(n, c, h // 2, 2, w // 2, 2)
        .max(axis=(3, 5))
    )


CASES = {
    "axpy": (lambda ops, x: ops.axpy(2.5, x, x * x), X, lambda x: 2.5 * x + x * x),
    "axpy with an array": (lambda ops, x: ops.axpy(ops.sum(x), x, x), X, lambda x: x.sum() * x + x),
    "add_product": (
        lambda ops, x: ops.addmm(x, ops.swap_axes(x, 0, 1), x @ ops.swap_axes(x, 0, 1)),
        X,
        lambda x: 2 * x @ x.T,
    ),
    "solve": (
        lambda ops, x: ops.solve(ops.constant(POSITIVE, x), x[:, 0]),
        X,
        lambda x: np.linalg.solve(POSITIVE, x[:, 0]),
    ),
    "solve what is singular": (
        lambda ops, x: ops.solve(ops.swap_axes(x[:1], 0, 1) @ x[:1], x[0]),
        X,
        lambda x: np.linalg.lstsq(x[:1].T @ x[:1], x[0])[0],
    ),
    "clip": (lambda ops, x: ops.clip(x, 0.5), X, lambda x: np.clip(x, -0.5, 0.5)),
    "exp": (lambda ops, x: ops.exp(x), X, np.exp),
    "sqrt": (lambda ops, x: ops.sqrt(x * x), X, np.abs),
    "tanh": (lambda ops, x: ops.tanh(x), X, np.tanh),
    "relu": (lambda ops, x: ops.relu(x), X, lambda x: np.maximum(x, 0)),
    "sigmoid": (lambda ops, x: ops.sigmoid(x), X, special.expit),
    "flip": (lambda ops, x: ops.flip(x), X, lambda x: x[::-1]),
    "concatenate": (
        lambda ops, x: ops.concatenate([x, 2 * x]),
        X,
        lambda x: np.concatenate([x, 2 * x]),
    ),
    "diagonals": (
        lambda ops, x: ops.batched_diagonal(x[:, :3].reshape(3, 1, 3)),
        X,
        lambda x: np.diagonal(x[:, :3])[None],
    ),
    "vmap over one of two": (
        lambda ops, x: ops.vmap(lambda a, b: a @ b, (None, 0))(x, x),
        X,
        lambda x: (x @ x.T).T,
    ),
    "vjp of two": (
        lambda ops, x: ops.vjp(lambda a, b: a * a * b, x, ops.exp(x))[1](x)[0],
        X,
        lambda x: 2 * x * np.exp(x) * x,
    ),
    "vjp of one": (
        lambda ops, x: ops.vjp(lambda a: {"y": a * a}, x)[1]({"y": x})[0],
        X,
        lambda x: 2 * x * x,
    ),
    "scan over two": (
        lambda ops, x: ops.scan(lambda s, row: (s + row[0] * row[1], s), x[0] * 0, (x, 2 * x))[0],
        X,
        lambda x: (2 * x * x).sum(0),
    ),
    "largest": (
        lambda ops, x: ops.top_k_mask(x[0], 2),
        X,
        lambda x: (x[0] >= np.sort(x[0])[-2]) * 1.0,
    ),
    "largest of equals, the first": (
        lambda ops, x: ops.top_k_mask(0 * x[0] + 1, 2),
        X,
        lambda x: np.array([1.0, 1.0, 0.0, 0.0]),
    ),
    "largest, row by row": (
        lambda ops, x: ops.vmap(lambda row: ops.top_k_mask(row, 3))(x),
        X,
        lambda x: (x > x.min(axis=1, keepdims=True)) * 1.0,
    ),
    "sum": (lambda ops, x: ops.sum(x), X, np.sum),
    "mean": (lambda ops, x: ops.mean(x), X, np.mean),
    "zeros": (lambda ops, x: ops.zeros((2, 3), x), X, lambda x: np.zeros((2, 3))),
    "zeros_like": (lambda ops, x: ops.zeros_like(x), X, np.zeros_like),
    "constant": (lambda ops, x: ops.constant(np.arange(4), x) * x, X, lambda x: np.arange(4) * x),
    "swap_axes": (lambda ops, x: ops.swap_axes(x, 0, 1), X, np.transpose),
    "one_hot": (lambda ops, x: ops.one_hot(ops.arange(5)[2], 5, x), X, lambda x: np.eye(5)[2]),
    "conv2d without padding": (
        lambda ops, x: ops.conv2d(x, ops.constant(KERNEL, x), 0),
        IMAGES,
        lambda x: correlated(x, KERNEL, 0),
    ),
    "conv2d with padding": (
        lambda ops, x: ops.conv2d(x, ops.constant(KERNEL, x), 1),
        IMAGES,
        lambda x: correlated(x, KERNEL, 1),
    ),
    "max_pool2d": (lambda ops, x: ops.max_pool2d(x), IMAGES, pooled),
    "cross_entropy": (
        lambda ops, x: ops.cross_entropy(x, ops.asarray(LABELS)),
        LOGITS,
        lambda x: -special.log_softmax(x, axis=1)[np.arange(5), LABELS].mean(),
    ),
    "accuracy": (
        lambda ops, x: ops.accuracy(x, ops.asarray(LABELS)),
        LOGITS,
        lambda x: np.mean(x.argmax(axis=1) == LABELS),
    ),
    "scan": (
        lambda ops, x: ops.scan(lambda s, row: (s + row, s * row), x[0] * 0, x)[1],
        X,
        lambda x: (np.cumsum(x, 0) - x) * x,
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_primitive_is_what_numpy_makes_of_it_and_keeps_the_dtype(
    backend: Backend, name: str, dtype: str
) -> None:
    f, x, expected = CASES[name]
    found = backend.engine.to_numpy(f(backend.ops, backend.ops.asarray(x.astype(dtype))))
    assert found.dtype == dtype
    np.testing.assert_allclose(
        found,
        expected(x),
        rtol=1e-12 if dtype == "float64" else 2e-5,
        atol=1e-12 if dtype == "float64" else 2e-5,
    )


def test_the_frameworks_own_draws_are_standard_normal(backend: Backend) -> None:
    like = backend.ops.asarray(np.zeros(1, "float32"))
    draws = many(backend, lambda key: backend.ops.native_normal(key, 2000, like), 10)
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-4
    assert len(np.unique(draws)) > 0.99 * draws.size


def test_a_key_that_waits_is_the_key(backend: Backend) -> None:
    keys, ops, like = (
        backend.engine.keys(np.arange(2)),
        backend.ops,
        backend.ops.asarray(np.zeros(1)),
    )
    for key in keys:
        found = ops.normal(ops.depend_on(ops.sum(like) + 3.0, key), 5, like)
        np.testing.assert_array_equal(
            backend.engine.to_numpy(found), backend.engine.to_numpy(ops.normal(key, 5, like))
        )


def test_jax_convolves_on_an_accelerator_as_on_the_cpu() -> None:
    from dirgrad.backends.jax import ops

    for padding in (0, 1):
        found, expected = (
            f(ops.asarray(IMAGES), ops.asarray(KERNEL), padding)
            for f in (ops._convolve, ops._convolve_by_matmul)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def many(backend: Backend, sample, lanes: int) -> np.ndarray:
    keys = backend.engine.keys(np.arange(lanes))
    return backend.engine.to_numpy(backend.engine.vmap_trials(sample, (), lanes)(keys))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entries", [7, 2000])
def test_normal_draws_are_standard_normal_within_and_between_keys(
    backend: Backend, entries: int, dtype: str
) -> None:
    like = backend.ops.asarray(np.zeros(1, dtype))
    draws = many(backend, lambda key: backend.ops.normal(key, entries, like), 30_000 // entries)
    assert draws.dtype == dtype
    draws = draws.astype(np.float64)
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-4
    assert stats.kstest(draws[:, 0], "norm").pvalue > 1e-4
    assert abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]) < 4.5 / np.sqrt(
        draws[1:].size
    )
    assert abs(np.corrcoef(draws[:, :-1].ravel(), draws[:, 1:].ravel())[0, 1]) < 4.5 / np.sqrt(
        draws[:, 1:].size
    )


@pytest.mark.parametrize("entries", [7, 2000])
def test_signs_are_fair(backend: Backend, entries: int) -> None:
    like = backend.ops.asarray(np.zeros(1))
    draws = many(backend, lambda key: backend.ops.signs(key, entries, like), 30_000 // entries)
    assert set(np.unique(draws)) == {-1.0, 1.0}
    assert abs(draws.mean()) < 4.5 / np.sqrt(draws.size)


@pytest.mark.parametrize("seed", range(3))
def test_jax_random_words_are_fair_in_every_bit_and_pair_of_bits_within_and_between_keys(
    seed: int,
) -> None:
    import jax

    from dirgrad.backends.jax import random

    keys = [jax.random.fold_in(jax.random.key(seed), i) for i in range(2)]
    words, others = (np.asarray(random.bits(key, 2**16)) for key in keys)
    before, after, beside = (
        (x[:, None] >> np.arange(32, dtype=np.uint32) & 1) * 2.0 - 1
        for x in (words[:-1], words[1:], others[1:])
    )
    spread = np.sqrt(len(after))
    assert np.abs(after.mean(axis=0)).max() * spread < 5
    pairs = after.T @ after / len(after) - np.eye(32)
    assert (
        np.abs(
            np.stack([pairs, after.T @ before / len(after), after.T @ beside / len(after)])
        ).max()
        * spread
        < 5.5
    )
    assert stats.chisquare(np.bincount(words >> 24, minlength=256)).pvalue > 1e-5


def test_random_integers_are_uniform(backend: Backend) -> None:
    draws = many(backend, lambda key: backend.ops.randint(key, 6), 12_000)
    assert stats.chisquare(np.bincount(draws, minlength=6)).pvalue > 1e-4


def test_folding_gives_keys_of_their_own(backend: Backend) -> None:
    ops, like = backend.ops, backend.ops.asarray(np.zeros(1))
    (key,) = backend.engine.keys(np.array([3]))
    draws = [
        float(ops.normal(ops.fold_in(ops.fold_in(key, i), j), 1, like)[0])
        for i in range(20)
        for j in range(20)
    ]
    again = [
        float(ops.normal(ops.fold_in(ops.fold_in(key, i), j), 1, like)[0])
        for i in range(20)
        for j in range(20)
    ]
    assert draws == again
    assert len(set(draws)) == 400
