"""Hard thresholding takes a gradient step and keeps only the largest entries."""

import numpy as np
import pytest

from dirgrad.components.optimizers.hard_thresholding import HardThresholding
from dirgrad.core.types import Backend, Estimate, Params
from support.cases import placed

RATE = 0.05


def split_into_two_arrays(flat: np.ndarray) -> dict[str, np.ndarray]:
    """Arrange ten entries as a matrix (2, 3) and a vector (4,)."""
    return {"a": flat[:6].reshape(2, 3), "b": flat[6:]}


def take_step(backend: Backend, keep: int, params: Params, estimate: Estimate) -> Params:
    rate = backend.ops.asarray(np.array(RATE))
    updated, _ = HardThresholding(keep=keep).update(backend.ops, params, estimate, (), rate)
    return updated


def threshold_without_a_gradient(backend: Backend, keep: int, entries: list[float]) -> np.ndarray:
    params = placed(backend, {"x": np.array(entries)})
    zero_estimate = Estimate(0.0, 1.0, placed(backend, {"x": np.zeros(len(entries))}))
    updated = take_step(backend, keep, params, zero_estimate)
    return backend.engine.to_numpy(updated["x"])


@pytest.mark.parametrize("keep", [1, 3, 10, 99])
@pytest.mark.parametrize("slope", [1.0, -2.5])
def test_the_largest_entries_among_all_parameters_remain(
    backend: Backend, keep: int, slope: float
) -> None:
    rng = np.random.default_rng(2)
    expected = rng.standard_normal(10)
    gradients = rng.standard_normal((5, 10))
    params = placed(backend, split_into_two_arrays(expected))
    for gradient in gradients:
        vector = placed(backend, split_into_two_arrays(gradient / slope))
        params = take_step(backend, keep, params, Estimate(0.0, slope, vector))
        expected = expected - RATE * gradient
        by_decreasing_magnitude = np.argsort(-np.abs(expected), kind="stable")
        expected[by_decreasing_magnitude[keep:]] = 0.0
    leaves = [backend.engine.to_numpy(params[name]).ravel() for name in ("a", "b")]
    flat = np.concatenate(leaves)
    np.testing.assert_allclose(flat, expected, rtol=1e-12)
    assert (flat != 0).sum() == min(keep, 10)


def test_among_equal_magnitudes_the_first_entry_remains(backend: Backend) -> None:
    x = threshold_without_a_gradient(backend, keep=2, entries=[1.0, -2.0, 2.0, -2.0])
    assert x.tolist() == [0.0, -2.0, 2.0, 0.0]


def test_a_threshold_does_not_hide_divergence(backend: Backend) -> None:
    x = threshold_without_a_gradient(backend, keep=1, entries=[1.0, np.nan, 2.0])
    assert np.isnan(x).any()
