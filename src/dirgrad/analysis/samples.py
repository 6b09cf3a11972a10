"""Raw values of a measurement, one per seed, round or block of draws, and their text in tables.

A cell `0:1.25 1:128..256 2:1000..inf` holds three samples. Sample 0 is 1.25, sample 1 lies between
128 and 256, and sample 2 is 1000 or more. Estimators are paired by the keys 0, 1, 2.
"""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

DIGITS = 9
"""Significant digits of a value in a table."""


class Samples(NamedTuple):
    """Values that are known exactly or lie between two bounds.

    Attributes:
        keys: Seed, round or block of each sample, (n,) integers.
        low: Lower bound of each sample, (n,); may be -inf.
        high: Upper bound of each sample, (n,); equal to `low` for an exact value; may be inf.
    """

    keys: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def n(self) -> int:
        """Return the number of samples."""
        return len(self.keys)

    @property
    def is_exact(self) -> bool:
        """Return whether every sample is known exactly."""
        return bool((self.low == self.high).all())


def exact_samples(values: "pd.Series[float]") -> Samples:
    """Return the values of a series as exact samples; its index holds the keys.

    A null is left out.
    """
    numbers = values.to_numpy(float)
    present = ~np.isnan(numbers)
    return Samples(values.index[present].to_numpy(int), numbers[present], numbers[present])


def bounded_samples(low: "pd.Series[float]", high: "pd.Series[float]") -> Samples:
    """Return samples between two series of bounds, whose common index holds the keys.

    A sample with a null bound is left out.
    """
    present = low.notna() & high.notna()
    keys = low.index[present].to_numpy(int)
    return Samples(keys, low[present].to_numpy(float), high[present].to_numpy(float))


def format_samples(samples: Samples) -> str:
    """Return samples as the text of a table cell; no samples give an empty text."""
    parts = []
    for key, low, high in zip(*samples, strict=True):
        value = _format(low) if low == high else f"{_format(low)}..{_format(high)}"
        parts.append(f"{key}:{value}")
    return " ".join(parts)


def parse_samples(text: object) -> Samples:
    """Read samples from a table cell; a null gives no samples.

    Raises:
        ValueError: The text does not have the form of `format_samples`.
    """
    entries = text.split() if isinstance(text, str) else []
    keys, bounds = [], []
    for entry in entries:
        key, _, value = entry.partition(":")
        low, _, high = value.partition("..")
        try:
            keys.append(int(key))
            bounds.append((float(low), float(high or low)))
        except ValueError:
            raise ValueError(f"expected KEY:VALUE or KEY:LOW..HIGH, got '{entry}'") from None
    low_high = np.array(bounds, float).reshape(-1, 2)
    return Samples(np.array(keys, int), low_high[:, 0], low_high[:, 1])


def ratio(over: Samples, under: Samples) -> Samples:
    """Return the ratios of samples >= 0 that have the same key.

    A ratio of two zeros is unknown: it lies between 0 and infinity. A lower bound below 0
    says nothing.
    """
    over, under = common((over, under))
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.maximum(over.low, 0.0) / under.high
        high = over.high / np.maximum(under.low, 0.0)
    unknown = np.isnan(low) | np.isnan(high)
    low, high = np.where(unknown, 0.0, low), np.where(unknown, np.inf, high)
    return Samples(over.keys, low, high)


def common(samples: Sequence[Samples]) -> list[Samples]:
    """Return the samples whose keys all of them have, each in the order of the keys.

    Args:
        samples: One or more sets of samples. No key stands twice in a set.
    """
    keys = reduce(np.intersect1d, [values.keys for values in samples])
    return [
        take(values, np.intersect1d(values.keys, keys, return_indices=True)[1])
        for values in samples
    ]


def take(samples: Samples, positions: np.ndarray) -> Samples:
    """Return the samples at some positions."""
    return Samples(*(values[positions] for values in samples))


def _format(value: float) -> str:
    return f"{value:.{DIGITS}g}"
