"""Collect the numbers of a run, and decide how far they may differ from a reference run.

How far a number may differ depends on its kind:

- A sampled number may differ as much as the noise of both runs explains. The allowed range is a
  Student interval of their difference. Its confidence level is shared among all compared numbers,
  so that chance raises a flag in 5 % of comparisons of whole runs, not of single numbers.
- A number that involves seconds may in addition be twice or half as large, since machines differ.
- A number without an interval may differ by 1 %.
- A counted number (bytes, multiplications) must be equal.
- A learning rate that is known to lie between two rates of a grid must stay between them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dirgrad.analysis.claims import Claim, evidence_of_claims
from dirgrad.analysis.column_roles import with_interval
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.facets import describe
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.verdicts import Evidence, Interval, degrees_of_freedom, standard_error

MACHINE_FACTOR = 2.0
"""Factor by which numbers that involve seconds may differ between machines."""
RELATIVE_TOLERANCE = 0.01
"""Relative difference that is allowed for a number without an interval."""
README_NUMBERS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "baydin": (("figure", "problem", "learning_rate", "quantity", "backend"), ("value",)),
    "targets": (
        ("experiment", "backend", "estimator"),
        ("steps_over_backprop", "train_accuracy", "test_accuracy"),
    ),
}
"""The numbers that the README shows, by table: columns of the facets, then columns of values."""
TIMED_PREFIXES = ("seconds", "T_", "R_")
"""Prefixes of the names of quantities that involve seconds."""


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
    for name, evidence in evidence_of_claims(claims, tables, estimators):
        claim = claims[name]
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
    value, low, high = with_interval(column)
    evidence = Evidence(
        facets=facets,
        value=row[value],
        low=row[low],
        high=row[high],
        n=int(np.nan_to_num(row["n"])),
    )
    timed = str(row.get("quantity", "")).startswith(TIMED_PREFIXES)
    return Number(evidence, timed, criterion=None)


def allowed_range(
    reference: Number,
    fresh: Evidence,
    confidence: float,
    level: float,
) -> tuple[float, float]:
    """Return the range of fresh values that are not flagged.

    Args:
        reference: The number in the reference run.
        fresh: The number in the fresh run.
        confidence: Confidence level of the intervals in the tables.
        level: Confidence level of this comparison.
    """
    expected = reference.evidence
    if expected.counted:
        if np.isfinite(expected.low):
            return expected.low, expected.high
        slack = 1e-9 * abs(expected.value)
        return expected.value - slack, expected.value + slack
    if not np.isfinite(expected.value):
        return expected.value, expected.value
    low, high = _sampled_range(expected, fresh, confidence, level)
    if reference.timed:
        return low / MACHINE_FACTOR, high * MACHINE_FACTOR
    return low, high


def _sampled_range(
    expected: Evidence,
    fresh: Evidence,
    confidence: float,
    level: float,
) -> tuple[float, float]:
    logarithmic = expected.logarithmic and expected.value > 0
    center = np.log(expected.value) if logarithmic else expected.value
    unit = 1.0 if logarithmic else abs(expected.value)
    noise = _noise_reach(expected, fresh, confidence, level)
    reach = max(RELATIVE_TOLERANCE * unit, noise)
    low, high = center - reach, center + reach
    if logarithmic:
        return float(np.exp(low)), float(np.exp(high))
    return float(low), float(high)


def _noise_reach(expected: Evidence, fresh: Evidence, confidence: float, level: float) -> float:
    """Return half the width of the Student interval of the difference between two runs."""
    repeated = [run for run in (expected, fresh) if run.n > 1]
    errors = [standard_error(run, confidence) for run in repeated if run.high > run.low]
    if not errors:
        return 0.0
    fewest = min(run.n for run in repeated)
    quantile = stats.t.ppf((1 + level) / 2, degrees_of_freedom(fewest))
    # If only one run has an interval, the other is taken to be as noisy.
    return float(quantile * np.hypot(errors[0], errors[-1]))
