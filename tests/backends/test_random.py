"""Random draws in both frameworks follow their distributions, and draws of two keys differ."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from scipy import stats

from dirgrad import backends
from dirgrad.backends.jax import random
from dirgrad.backends.torch import random as torch_random
from dirgrad.core.types import Backend, Key
from support.small_steps import small_step


def draw_in_lanes(backend: Backend, sample: Callable[[Key], Any], lanes: int) -> np.ndarray:
    """Draw from as many keys as there are lanes: (lanes, ...)."""
    keys = backend.engine.keys(np.arange(lanes))
    return backend.engine.to_numpy(backend.engine.vmap_trials(sample, (), lanes)(keys))


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    return np.corrcoef(x.ravel(), y.ravel())[0, 1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entries", [7, 2000])
def test_normal_draws_are_standard_normal_and_uncorrelated_within_and_between_keys(
    backend: Backend, entries: int, dtype: str
) -> None:
    like = backend.ops.asarray(np.zeros(1, dtype))
    lanes = 30_000 // entries
    draws = draw_in_lanes(backend, lambda key: backend.ops.normal(key, entries, like), lanes)
    assert draws.dtype == dtype
    draws = draws.astype(np.float64)
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-4
    first_entries = draws[:, 0]
    assert stats.kstest(first_entries, "norm").pvalue > 1e-4
    between_keys = correlation(draws[:-1], draws[1:])
    assert abs(between_keys) < 4.5 / np.sqrt(draws[1:].size)
    within_keys = correlation(draws[:, :-1], draws[:, 1:])
    assert abs(within_keys) < 4.5 / np.sqrt(draws[:, 1:].size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("entries", [7, 2000])
def test_uniform_draws_are_uniform_on_the_unit_interval_and_uncorrelated(
    backend: Backend, entries: int, dtype: str
) -> None:
    """Each of the four comparisons gives a false alarm in at most 1 of 10,000 implementations."""
    like = backend.ops.asarray(np.zeros(1, dtype))
    lanes = 30_000 // entries
    draws = draw_in_lanes(backend, lambda key: backend.ops.uniform(key, entries, like), lanes)
    assert draws.dtype == dtype
    assert draws.min() >= 0
    assert draws.max() < 1
    draws = draws.astype(np.float64)
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-4
    # The standard deviations of the mean and of the mean square of n values.
    deviations = np.sqrt([1 / 12, 4 / 45]) / np.sqrt(draws.size)
    moments = np.array([draws.mean(), np.mean(draws**2)])
    assert (np.abs(moments - [1 / 2, 1 / 3]) < 4.5 * deviations).all()
    between_keys = correlation(draws[:-1], draws[1:])
    assert abs(between_keys) < 4.5 / np.sqrt(draws[1:].size)
    within_keys = correlation(draws[:, :-1], draws[:, 1:])
    assert abs(within_keys) < 4.5 / np.sqrt(draws[:, 1:].size)


@pytest.mark.parametrize("entries", [7, 2000])
def test_uniform_draws_of_both_frameworks_have_one_distribution(
    both: tuple[Backend, Backend], entries: int
) -> None:
    """The test of Kolmogorov and Smirnov gives a false alarm in 1 of 10,000 implementations."""
    samples = []
    for backend in both:
        like = backend.ops.asarray(np.zeros(1, "float32"))
        draws = draw_in_lanes(
            backend,
            lambda key, b=backend, x=like: b.ops.uniform(key, entries, x),
            30_000 // entries,
        )
        samples.append(draws.ravel())
    assert stats.ks_2samp(*samples).pvalue > 1e-4


@pytest.mark.parametrize("entries", [7, 2000])
def test_equal_keys_give_equal_uniform_draws_in_any_lane(backend: Backend, entries: int) -> None:
    like = backend.ops.asarray(np.zeros(1))
    in_lanes = draw_in_lanes(backend, lambda key: backend.ops.uniform(key, entries, like), 3)
    for key, expected in zip(backend.engine.keys(np.arange(3)), in_lanes, strict=True):
        draws = backend.ops.uniform(key, entries, like)
        np.testing.assert_array_equal(backend.engine.to_numpy(draws), expected)
    assert len(np.unique(in_lanes)) > 0.99 * in_lanes.size


def test_draws_from_the_generator_of_a_framework_are_standard_normal(backend: Backend) -> None:
    like = backend.ops.asarray(np.zeros(1, "float32"))
    draws = draw_in_lanes(backend, lambda key: backend.ops.native_normal(key, 2000, like), 10)
    assert stats.kstest(draws.ravel(), "norm").pvalue > 1e-4
    assert len(np.unique(draws)) > 0.99 * draws.size


@pytest.mark.parametrize("entries", [7, 2000])
def test_both_signs_are_equally_likely(backend: Backend, entries: int) -> None:
    like = backend.ops.asarray(np.zeros(1))
    lanes = 30_000 // entries
    draws = draw_in_lanes(backend, lambda key: backend.ops.signs(key, entries, like), lanes)
    assert set(np.unique(draws)) == {-1.0, 1.0}
    assert abs(draws.mean()) < 4.5 / np.sqrt(draws.size)


def test_random_integers_are_uniform(backend: Backend) -> None:
    draws = draw_in_lanes(backend, lambda key: backend.ops.randint(key, 6), 12_000)
    assert stats.chisquare(np.bincount(draws, minlength=6)).pvalue > 1e-4


def bits_as_signs(words: np.ndarray) -> np.ndarray:
    """Return the 32 bits of each word as -1 or 1: (words,) -> (words, 32)."""
    bits = words[:, None] >> np.arange(32, dtype=np.uint32) & 1
    return bits * 2.0 - 1


@pytest.mark.parametrize("seed", range(3))
def test_the_bits_of_random_words_in_jax_are_fair_and_pairwise_uncorrelated(seed: int) -> None:
    """Pairs are bits of one word, of consecutive words, and of words from two keys."""
    seed_key = jax.random.key(seed)
    first_key, second_key = (jax.random.fold_in(seed_key, i) for i in range(2))
    words = np.asarray(random.bits(first_key, 2**16))
    words_of_second_key = np.asarray(random.bits(second_key, 2**16))
    previous_bits = bits_as_signs(words[:-1])
    bits = bits_as_signs(words[1:])
    bits_of_second_key = bits_as_signs(words_of_second_key[1:])

    num_words = len(bits)
    mean = bits.mean(axis=0)
    assert np.abs(mean).max() * np.sqrt(num_words) < 5
    correlations = [
        bits.T @ bits / num_words - np.eye(32),
        bits.T @ previous_bits / num_words,
        bits.T @ bits_of_second_key / num_words,
    ]
    assert np.abs(np.stack(correlations)).max() * np.sqrt(num_words) < 5.5
    highest_bytes = words >> 24
    assert stats.chisquare(np.bincount(highest_bytes, minlength=256)).pvalue > 1e-5


def test_keys_folded_with_different_integers_give_different_reproducible_draws(
    backend: Backend,
) -> None:
    ops = backend.ops
    like = ops.asarray(np.zeros(1))
    (key,) = backend.engine.keys(np.array([3]))

    def draw(i: int, j: int) -> float:
        folded = ops.fold_in(ops.fold_in(key, i), j)
        return float(ops.normal(folded, 1, like)[0])

    pairs = [(i, j) for i in range(20) for j in range(20)]
    draws = [draw(i, j) for i, j in pairs]
    repeated_draws = [draw(i, j) for i, j in pairs]
    assert draws == repeated_draws
    assert len(set(draws)) == 400


def test_a_dependency_does_not_change_the_draws_of_a_key(backend: Backend) -> None:
    ops, numpy = backend.ops, backend.engine.to_numpy
    like = ops.asarray(np.zeros(1))
    for key in backend.engine.keys(np.arange(2)):
        dependent_key = ops.depend_on(ops.sum(like) + 3.0, key)
        draws = ops.normal(dependent_key, 5, like)
        expected = ops.normal(key, 5, like)
        np.testing.assert_array_equal(numpy(draws), numpy(expected))


def test_a_step_along_outer_products_hashes_its_signs_once() -> None:
    """XLA would otherwise repeat the hash in every operation that uses a sign."""
    backend = backends.load("jax", 1, "float32")
    _, _, program = small_step(backend, "mlp-rank_one")
    compiled = jax.jit(program.build(backend.ops)).lower(*program.arguments).compile()
    multiplier = 0x2C1B3C6D
    assert compiled.as_text().count(f"constant({multiplier})") == 1


@pytest.mark.parametrize("entries", [7, 100])
def test_reused_signs_are_the_signs_of_the_key(backend: Backend, entries: int) -> None:
    like = backend.ops.asarray(np.zeros(1, np.float32))
    draws = [
        draw_in_lanes(backend, lambda key, draw=draw: draw(key, entries, like), 3)
        for draw in (backend.ops.signs, backend.ops.reused_signs)
    ]
    np.testing.assert_array_equal(*draws)


def test_large_draws_in_torch_differ_unless_the_lower_halves_of_two_keys_are_equal() -> None:
    """The generator of a CPU has a seed of 32 bits; the documentation says what follows."""
    like = torch.zeros(1)
    keys = torch.tensor([5, 6, 5 + 2**32])
    small, large = (
        torch_random.draw("normal", keys, n, like.dtype, like.device) for n in (512, 513)
    )
    assert not torch.equal(small[0], small[2])
    assert not torch.equal(large[0], large[1])
    assert torch.equal(large[0], large[2])


def test_the_lower_halves_of_keys_in_torch_collide_no_more_often_than_by_chance() -> None:
    """0.3 collisions are expected among 50,000 keys; 6 or more are a false alarm in 1 of 10^6."""
    seeds = backends.load("torch", 1, "float32").engine.keys(np.arange(50))
    indices = torch.arange(1000)
    keys = torch_random.fold_in(seeds[:, None], indices).reshape(-1)
    num_lower_halves = len(torch.unique(keys & 0xFFFFFFFF))
    assert len(torch.unique(keys)) == 50_000
    assert num_lower_halves > 50_000 - 6
