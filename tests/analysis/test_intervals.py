"""Summaries over seeds have robust means, and intervals with the requested coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dirgrad.analysis.intervals import inter_quartile_mean, mean_interval, summarize
from dirgrad.config.settings import Statistics
from support.hand_made_records import QUICK

FINITE = st.floats(-1e3, 1e3)


@given(st.lists(FINITE, min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_the_inter_quartile_mean_drops_a_quarter_at_each_end(values: list[float]) -> None:
    cut = len(values) // 4
    middle = sorted(values)[cut : len(values) - cut]
    mean = sum(middle) / len(middle)
    assert inter_quartile_mean(np.array(values)) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 9, 14, 20, 300])
def test_intervals_are_those_of_scipy(count: int) -> None:
    # Values of very different size, and equal ones, are ranked alike.
    values = np.random.default_rng(count).standard_normal((7, count)) ** 5
    values[0] = np.round(values[0])
    middle = (values, summarize(values, QUICK), lambda v, axis: stats.trim_mean(v, 0.25, axis))
    plain = (values[0], mean_interval(values[0], QUICK), np.mean)
    for sample, summary, statistic in (middle, plain):
        expected = stats.bootstrap(
            (sample,),
            statistic,
            axis=-1,
            confidence_level=QUICK.confidence,
            n_resamples=QUICK.resamples,
            method="percentile",
            rng=np.random.default_rng(QUICK.seed),
        ).confidence_interval
        np.testing.assert_allclose(summary.value, statistic(sample, axis=-1), rtol=1e-12)
        np.testing.assert_allclose(summary.low, expected.low, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(summary.high, expected.high, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_the_summary_of_no_values_is_nan(shape: tuple[int, ...]) -> None:
    summary = summarize(np.zeros(shape), QUICK)
    assert [array.shape for array in summary] == [shape[:-1]] * 3
    assert np.isnan(np.array(summary)).all()


def test_the_summary_of_a_single_value_has_no_interval() -> None:
    summary = summarize(np.array([[2.0], [3.0]]), QUICK)
    assert summary.value.tolist() == [2.0, 3.0]
    assert np.isnan(summary.low).all()
    assert np.isnan(summary.high).all()


@given(FINITE, st.integers(2, 9))
@settings(max_examples=20, deadline=None)
def test_the_interval_of_a_constant_is_a_point(value: float, count: int) -> None:
    summary = summarize(np.full((2, count), value), QUICK)
    assert np.allclose(np.array(summary), value)


@given(st.lists(st.lists(FINITE, min_size=5, max_size=5), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_an_interval_lies_within_the_range_of_the_values(values: list[list[float]]) -> None:
    array = np.array(values)
    summary = summarize(array, QUICK)
    assert summary.value.shape == (len(values),)
    assert (summary.low <= summary.high).all()
    assert (array.min(axis=-1) - 1e-9 <= summary.low).all()
    assert (summary.high <= array.max(axis=-1) + 1e-9).all()


def test_the_seed_determines_the_interval() -> None:
    values = np.random.default_rng(0).standard_normal(10)
    first, repeated, other = (
        summarize(values, Statistics(resamples=50, seed=seed)).low for seed in (1, 1, 2)
    )
    assert first == repeated
    assert first != other


def test_a_higher_confidence_gives_a_wider_interval() -> None:
    values = np.random.default_rng(0).standard_normal((20, 10))
    narrow, wide = (
        summarize(values, Statistics(resamples=200, confidence=level)) for level in (0.5, 0.99)
    )
    assert (wide.high - wide.low > narrow.high - narrow.low).all()


def test_the_coverage_of_an_interval_is_close_to_its_confidence() -> None:
    true_mean = 3.0
    samples = np.random.default_rng(0).normal(true_mean, 2.0, (400, 20))
    summary = summarize(samples, Statistics(confidence=0.95, resamples=500))
    covered = (summary.low <= true_mean) & (summary.high >= true_mean)
    assert 0.85 <= covered.mean() <= 0.99
