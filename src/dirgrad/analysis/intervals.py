"""Summaries over seeds: the inter-quartile mean with a percentile bootstrap interval."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dirgrad.config.settings import Statistics

MANY = 6
"""Number of values from which on hardly two resamples of them are equal."""
BATCH = 2**18
"""Number of counts that are processed at once; they fit into the cache of a processor."""


class Summary(NamedTuple):
    """Values with the ends of their bootstrap intervals: three arrays of the same shape.

    Attributes:
        value: The statistic; NaN without samples.
        low: Lower end of the interval; NaN for fewer than two samples.
        high: Upper end of the interval; NaN for fewer than two samples.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def inter_quartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the mean of the middle half of the values along an axis.

    It is as robust as a median and has less variance (Agarwal et al. 2021, arXiv 2108.13264).
    """
    return _mean_of_middle(np.moveaxis(values, axis, -1), values.shape[axis] // 4)


def summarize(values: np.ndarray, settings: Statistics) -> Summary:
    """Return the inter-quartile mean over the last axis, with its interval.

    Args:
        values: Finite numbers, (..., n).
        settings: Confidence level, number of resamples and seed of the bootstrap.
    """
    return _summary(values, values.shape[-1] // 4, settings)


def mean_interval(values: np.ndarray, settings: Statistics) -> Summary:
    """Return the plain mean over the last axis, with its interval; use it to estimate expectations.

    Args:
        values: Finite numbers, (..., n).
        settings: Confidence level, number of resamples and seed of the bootstrap.
    """
    return _summary(values, 0, settings)


def _mean_of_middle(values: np.ndarray, cut: int) -> np.ndarray:
    """Return the mean over the last axis without the `cut` lowest and highest values."""
    count = values.shape[-1]
    if cut:
        # `scipy.stats.trim_mean` gives the same numbers, and takes a second to import.
        values = np.partition(values, (cut, count - cut - 1))[..., cut : count - cut]
    return np.asarray(values.mean(axis=-1))


def _summary(values: np.ndarray, cut: int, settings: Statistics) -> Summary:
    """Return a mean over the last axis with its percentile interval.

    Args:
        values: Finite numbers, (..., n).
        cut: Number of values that a mean leaves out at each end.
        settings: Confidence level, number of resamples and seed of the bootstrap.
    """
    count = values.shape[-1]
    value = _mean_of_middle(values, cut) if count else np.full(values.shape[:-1], np.nan)
    if count < 2:
        return Summary(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    resamples = _resamples(count, settings.resamples, settings.seed)
    tail = (1 - settings.confidence) / 2
    ends = np.empty((2, value.size))
    rows = values.reshape(-1, count)
    step = max(BATCH // resamples.counts.size, 1)
    for first in range(0, len(rows), step):
        part = slice(first, first + step)
        means = _means_of_resamples(rows[part], resamples, cut)
        ends[:, part] = np.quantile(means[:, resamples.numbers], (tail, 1 - tail), axis=-1)
    return Summary(value, *ends.reshape(2, *value.shape))


class Resamples(NamedTuple):
    """Resamples of n values with replacement.

    Attributes:
        counts: How often each value is in each distinct resample, (n, distinct) unsigned integers.
        weights: The same as floating-point numbers.
        numbers: Number of the distinct resample that each resample is, (resamples,).
    """

    counts: np.ndarray
    weights: np.ndarray
    numbers: np.ndarray


@lru_cache(maxsize=16)
def _resamples(count: int, resamples: int, seed: int) -> Resamples:
    """Return the resamples of `count` values; every sample of this size has the same ones."""
    drawn = np.random.default_rng(seed).integers(0, count, (resamples, count))
    first = np.arange(resamples)[:, np.newaxis] * count
    counts = np.bincount((first + drawn).ravel(), minlength=resamples * count)
    counts = counts.reshape(resamples, count).astype(np.min_scalar_type(count))
    numbers = np.arange(resamples)
    if count < MANY:
        counts, numbers = np.unique(counts, axis=0, return_inverse=True)
    return Resamples(np.ascontiguousarray(counts.T), counts.T.astype(float), numbers)


def _means_of_resamples(values: np.ndarray, resamples: Resamples, cut: int) -> np.ndarray:
    """Return the mean of every resample without its `cut` lowest and highest values.

    Args:
        values: Samples, (m, n).
        resamples: Resamples of n values.
        cut: Number of values that are left out at each end.

    Returns:
        The means, (m, distinct).
    """
    count = values.shape[-1]
    if not cut:
        return np.asarray(values @ resamples.weights / count)
    order = np.argsort(values, axis=-1)
    # Number of values of a resample that are at most as high as the j-th value, (m, n, distinct).
    kept = resamples.counts[order]
    for j in range(1, count):
        kept[:, j] += kept[:, j - 1]
    np.clip(kept, cut, count - cut, out=kept)
    # How often the j-th value is in the middle of a resample.
    kept[:, 1:] -= kept[:, :-1].copy()
    kept[:, 0] -= cut
    ordered = np.take_along_axis(values, order, axis=-1)
    middle = ordered[:, np.newaxis] @ kept.astype(float)
    return np.asarray(middle[:, 0] / (count - 2 * cut))
