"""How seeds are summarised: the inter-quartile mean, with a percentile bootstrap interval."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from dirgrad.config import Statistics


class Summary(NamedTuple):
    """Values with their intervals, of one shape; NaN where there are too few: none for the value, one for the interval."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def inter_quartile_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """The mean of the middle half: robust as a median, with less variance (Agarwal et al. 2021, arXiv 2108.13264)."""
    return np.asarray(stats.trim_mean(values, 0.25, axis=axis))


def summarise(values: np.ndarray, settings: Statistics) -> Summary:
    """Over the last axis of `values`: (..., n) finite numbers."""
    count = values.shape[-1]
    value = inter_quartile_mean(values) if count else np.full(values.shape[:-1], np.nan)
    if count < 2:
        return Summary(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    interval = stats.bootstrap(
        (values,),
        inter_quartile_mean,
        axis=-1,
        vectorized=True,
        confidence_level=settings.confidence,
        n_resamples=settings.resamples,
        method="percentile",
        rng=np.random.default_rng(settings.seed),
    ).confidence_interval
    return Summary(value, interval.low, interval.high)
