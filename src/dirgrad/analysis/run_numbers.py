"""Collect the numbers of a run, and decide how far they may differ from a reference run.

How far a number may differ depends on its kind:

- A sampled number may differ as much as the noise of both runs explains. The allowed range is a
  Student interval of their difference. Its confidence level is shared among all compared numbers,
  so that chance raises a flag in 5 % of comparisons of whole runs, not of single numbers.
- A number that involves seconds may in addition be twice or half as large, since machines differ.
- A number without an interval may differ by 1 %.
- A counted number (bytes, multiplications) must be equal.
- A number that lies between two bounds agrees if the bounds of both runs overlap or touch. A
  largest stable rate lies between two rates of a grid, and rounding may choose the next pair.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.claims import Claim, evidence_of_claim
from dirgrad.analysis.column_roles import values_column
from dirgrad.analysis.comparable_times import TIMED_PREFIXES
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.facets import describe
from dirgrad.analysis.samples import Samples, parse_samples
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.significance import student_quantile
from dirgrad.analysis.verdicts import Evidence, Interval, scale

MACHINE_FACTOR = 2.0
"""Factor by which numbers that involve seconds may differ between machines."""
RELATIVE_TOLERANCE = 0.01
"""Relative difference that is allowed for a number without an interval."""
README_NUMBERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "baydin": (
        ("figure", "problem", "learning_rate", "estimator", "quantity", "backend"),
        ("value",),
    ),
    "targets": (
        ("experiment", "backend", "estimator"),
        ("steps_over_backprop", "train_accuracy", "test_accuracy"),
    ),
}
"""The numbers that the README shows, by table: columns of the facets, then columns of values."""


@dataclass(frozen=True)
class Number:
    """A number to compare.

    Attributes:
        evidence: The number with its interval.
        timed: Whether it involves seconds.
        criterion: The criterion of its claim; None for a number of the README.
    """

    evidence: Evidence
    timed: bool
    criterion: Interval | None


Key = tuple[str, str]
"""The id of a claim (`table.column` for a number of the README), and the facets in words."""
Numbers = dict[Key, Number]


def level_per_number(fresh: Numbers, reference: Numbers, confidence: float) -> float:
    """Return the confidence level of one comparison, by Bonferroni over the sampled numbers."""
    shared = [number for key, number in reference.items() if key in fresh]
    n_sampled = sum(not number.evidence.counted for number in shared)
    return 1 - (1 - confidence) / max(1, n_sampled)


def collect_numbers(
    tables: Tables,
    claims: Mapping[str, Claim],
    estimators: Estimators,
) -> Numbers:
    """Return the evidence of every claim and the numbers that the README shows.

    Args:
        tables: Tables by name.
        claims: Claims by id.
        estimators: The estimators of the configuration, by the names that the tables have.
    """
    numbers: Numbers = {}
    for name, claim in claims.items():
        for evidence in evidence_of_claim(name, claim, tables, estimators):
            number = Number(evidence, claim.quantity.timed, claim.criterion.interval)
            numbers[name, describe(evidence.facets)] = number
    return numbers | dict(_readme_numbers(tables))


def _readme_numbers(tables: Tables) -> Iterator[tuple[Key, Number]]:
    for table, (facet_columns, value_columns) in README_NUMBERS.items():
        for row in tables.get(table, pd.DataFrame()).to_dict("records"):
            # The README leaves out rows that have no value in the paper.
            if pd.isna(row.get("paper_value", 0)):
                continue
            facets = {str(name): row[name] for name in facet_columns if pd.notna(row.get(name))}
            known_columns = [name for name in value_columns if pd.notna(row.get(name))]
            for column in known_columns:
                key = (f"{table}.{column}", describe(facets))
                yield key, _readme_number(facets, row, column)


def _readme_number(
    facets: Mapping[str, Any],
    row: Mapping[Any, Any],
    column: str,
) -> Number:
    samples = parse_samples(row.get(values_column(column)))
    if not samples.n:
        samples = Samples(np.array([0]), *np.full((2, 1), float(row[column])))
    timed = str(row.get("quantity", "")).startswith(TIMED_PREFIXES)
    return Number(Evidence(facets, samples), timed, criterion=None)


class Range(NamedTuple):
    """A number is known to lie in this range.

    Attributes:
        low: Lower end, may be infinite.
        high: Upper end, may be infinite.
    """

    low: float
    high: float

    @property
    def is_bounded(self) -> bool:
        """Return whether at least one end is known."""
        return bool(np.isfinite(self.low) or np.isfinite(self.high))

    def touches(self, other: "Range") -> bool:
        """Return whether two ranges overlap or have a common end, up to rounding."""
        return bool(
            self.low - _rounding(self.low) <= other.high
            and other.low - _rounding(other.low) <= self.high
        )


def _rounding(end: float) -> float:
    return 1e-9 * abs(end) if np.isfinite(end) else 0.0


def known_range(number: Number) -> Range:
    """Return the means of the lower and of the upper bounds of a number; equal if it is exact."""
    to_scale, from_scale = scale(number.evidence)
    bounds = (to_scale(bound) for bound in number.evidence.samples[1:])
    low, high = (float(from_scale(bound.mean())) for bound in bounds)
    # A ratio that is 0 or more is not known better than a number without a lower bound.
    return Range(-np.inf if number.evidence.logarithmic and low <= 0 else low, high)


def allowed_range(reference: Number, fresh: Evidence, level: float) -> Range:
    """Return the range in which a fresh number agrees with its reference.

    Args:
        reference: The number in the reference run.
        fresh: The number in the fresh run.
        level: Confidence level of this comparison.
    """
    expected = reference.evidence
    if expected.counted:
        return known_range(reference)
    low, high = _sampled_range(expected, fresh, level)
    if reference.timed:
        return Range(low / MACHINE_FACTOR, high * MACHINE_FACTOR)
    return Range(low, high)


def _sampled_range(expected: Evidence, fresh: Evidence, level: float) -> tuple[float, float]:
    to_scale, from_scale = scale(expected)
    low, high = (float(to_scale(bound).mean()) for bound in expected.samples[1:])
    finite = [abs(end) for end in (low, high) if np.isfinite(end)]
    unit = 1.0 if expected.logarithmic else max(finite, default=0.0)
    reach = max(RELATIVE_TOLERANCE * unit, _noise_reach(expected, fresh, level))
    return float(from_scale(low - reach)), float(from_scale(high + reach))


def _noise_reach(expected: Evidence, fresh: Evidence, level: float) -> float:
    """Return half the width of the Student interval of the difference between two runs."""
    runs = [run for run in (expected, fresh) if run.samples.n > 1]
    errors = [error for run in runs for error in _standard_errors(run)]
    if not errors:
        return 0.0
    fewest = min(run.samples.n for run in runs)
    quantile = student_quantile(level, fewest)
    # If only one run has a standard error, the other is taken to be as noisy.
    return float(quantile * np.hypot(errors[0], errors[-1]))


def _standard_errors(run: Evidence) -> list[float]:
    """Return the standard error of the mean of each bound, where it is finite."""
    to_scale, _ = scale(run)
    bounds = [to_scale(bound) for bound in run.samples[1:]]
    finite = [bound for bound in bounds if np.isfinite(bound).all()]
    return [float(bound.std(ddof=1)) / np.sqrt(run.samples.n) for bound in finite]
