"""How seeds are summarised: the inter-quartile mean, with a percentile bootstrap interval."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

from dirgrad.settings import Statistics


class Summary(NamedTuple):
    """Values with their intervals, of one shape; NaN where there are too few: none for the value, one for the interval."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def inter_quartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """The mean of the middle half: robust as a median, with less variance (Agarwal et al. 2021, arXiv 2108.13264)."""
    return np.asarray(stats.trim_mean(values, 0.25, axis=axis))


def summarise(values: np.ndarray, settings: Statistics) -> Summary:
    """The inter-quartile mean over the last axis of `values`: (..., n) finite numbers."""
    return _interval(inter_quartile_mean, values, settings)


def mean_interval(values: np.ndarray, settings: Statistics) -> Summary:
    """The plain mean over the last axis, for what is an expectation: (..., n) finite numbers."""
    return _interval(np.mean, values, settings)


def _interval(statistic: Callable[..., np.ndarray], values: np.ndarray, settings: Statistics) -> Summary:
    count = values.shape[-1]
    value = np.asarray(statistic(values, axis=-1)) if count else np.full(values.shape[:-1], np.nan)
    if count < 2:
        return Summary(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    interval = stats.bootstrap(
        (values,),
        statistic,
        axis=-1,
        vectorized=True,
        confidence_level=settings.confidence,
        n_resamples=settings.resamples,
        method="percentile",
        rng=np.random.default_rng(settings.seed),
    ).confidence_interval
    return Summary(value, interval.low, interval.high)
