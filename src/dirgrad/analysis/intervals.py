"""How seeds are summarised: the inter-quartile mean, with a percentile bootstrap interval."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from dirgrad.config.settings import Statistics


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


def slope(x: np.ndarray, samples: Sequence[np.ndarray], settings: Statistics) -> Summary:
    """The slope of the least-squares line through (log x_i, log of the inter-quartile mean of sample i); the interval resamples
    within every sample. x: (m,) positive; samples: m arrays (n_i,) of positive numbers, n_i > 1. All (): three numbers."""
    centred = np.log(x) - np.log(x).mean()
    weights = centred / (centred @ centred)

    def statistic(*drawn: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(
            np.stack([np.log(inter_quartile_mean(one, axis=axis)) for one in drawn], axis=-1)
            @ weights
        )

    return Summary(statistic(*samples), *_ends(statistic, samples, settings))


def _interval(
    statistic: Callable[..., np.ndarray], values: np.ndarray, settings: Statistics
) -> Summary:
    count = values.shape[-1]
    value = np.asarray(statistic(values, axis=-1)) if count else np.full(values.shape[:-1], np.nan)
    if count < 2:
        return Summary(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    return Summary(value, *_ends(statistic, (values,), settings))


def _ends(
    statistic: Callable[..., np.ndarray], samples: Sequence[np.ndarray], settings: Statistics
) -> tuple[np.ndarray, np.ndarray]:
    """Of the percentile bootstrap interval, which resamples within every sample along its last axis."""
    interval = stats.bootstrap(
        tuple(samples),
        statistic,
        axis=-1,
        vectorized=True,
        confidence_level=settings.confidence,
        n_resamples=settings.resamples,
        method="percentile",
        rng=np.random.default_rng(settings.seed),
    ).confidence_interval
    return np.asarray(interval.low), np.asarray(interval.high)
