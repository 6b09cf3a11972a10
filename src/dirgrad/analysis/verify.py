"""Compare a fresh run with its committed reference: every verdict and every number.

A number is flagged if it is worse than the reference allows, and also if it is suspiciously better.
Counted numbers (bytes, multiplications) are compared only if both runs used the same versions of
the frameworks. Times that share a clock, and times of a noisy machine, are not compared.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis import comparable_times
from dirgrad.analysis.claims import Claim
from dirgrad.analysis.comparison import FLAGGED, LISTED, Comparison
from dirgrad.analysis.facets import join_or
from dirgrad.analysis.run_numbers import (
    Key,
    Number,
    Numbers,
    Range,
    allowed_range,
    collect_numbers,
    known_range,
    level_per_number,
)
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.tier_results import FRAMEWORKS, TierResults
from dirgrad.analysis.verdict_changes import compare_verdicts, judge
from dirgrad.analysis.verdicts import Interval, estimate

COLUMNS = [
    "kind",
    "id",
    "at",
    "reference",
    "lowest",
    "highest",
    "fresh",
    "fresh_from",
    "fresh_to",
    "state",
    "reason",
]


def compare(
    fresh: TierResults,
    reference: TierResults,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
) -> pd.DataFrame:
    """Compare a fresh run with its reference.

    Args:
        fresh: Results of the fresh run.
        reference: Results of the reference run.
        claims: Claims by id.
        estimators: The estimators of the configuration, by the names that the tables have.
        confidence: Confidence level of the intervals in the tables and of the comparison.

    Returns:
        One row per verdict and per number. The fresh number, or its bounds `fresh_from` and
        `fresh_to`, may lie between the columns `lowest` and `highest`. `reason` says why a number
        is not compared.
    """
    noisy = fresh.noisy_jobs | reference.noisy_jobs
    runs = [_without_times(run, noisy, claims, estimators) for run in (fresh, reference)]
    reasons = {key: reason for run in runs for key, reason in run.not_compared.items()}
    own, expected = (
        {key: number for key, number in run.numbers.items() if key not in reasons} for run in runs
    )
    same_versions = all(fresh.versions[name] == reference.versions[name] for name in FRAMEWORKS)
    numbers = list(_compare_numbers(own, expected, confidence, same_versions))
    agreeing = ((row["id"], row["at"]) for row in numbers if row["state"] == Comparison.SAME)
    excused = {key for key in agreeing if _depends_on_machine(expected[key])}
    rows = [
        *_compare_claims(own, expected, reasons, claims, confidence, excused),
        *numbers,
        *(_not_compared("number", name, facets, text) for (name, facets), text in reasons.items()),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


class _Numbers(NamedTuple):
    """The numbers of a run that can be compared, and why others cannot."""

    numbers: Numbers
    not_compared: Mapping[Key, str]


def _without_times(
    run: TierResults,
    noisy_jobs: Collection[str],
    claims: Mapping[str, Claim],
    estimators: Estimators,
) -> _Numbers:
    numbers = collect_numbers(run.tables, claims, estimators)
    tables, not_compared = run.tables, dict[Key, str]()
    for reason, stage in comparable_times.stages(run.tables, noisy_jobs):
        changed = {name for name, table in stage.items() if table is not tables[name]}
        affected = {
            name: claim for name, claim in claims.items() if changed & {*claim.quantity.tables}
        }
        others = {
            key: number
            for key, number in numbers.items()
            if key[0] in claims and key[0] not in affected
        }
        kept = others | collect_numbers(stage, affected, estimators)
        not_compared |= dict.fromkeys(numbers.keys() - kept.keys(), reason)
        numbers, tables = kept, stage
    return _Numbers(numbers, not_compared)


def _depends_on_machine(number: Number) -> bool:
    """Return whether a number involves seconds, or is known up to the steps of a grid."""
    return number.timed or (number.evidence.counted and not number.evidence.samples.is_exact)


def _compare_claims(
    fresh: Numbers,
    reference: Numbers,
    reasons: Mapping[Key, str],
    claims: Mapping[str, Claim],
    confidence: float,
    excused: Collection[Key],
) -> Iterator[dict[str, Any]]:
    """Yield the comparison of every verdict, at the places that are compared."""
    reason_by_claim = {name: reason for (name, _), reason in reasons.items()}
    for name, claim in claims.items():
        own, expected = (
            judge(name, claim.criterion.interval, numbers, confidence)
            for numbers in (fresh, reference)
        )
        if name in reason_by_claim and not (own.outcomes or expected.outcomes):
            yield _not_compared("verdict", name, None, reason_by_claim[name])
            continue
        yield {
            "kind": "verdict",
            "id": name,
            "reference": expected.name,
            "fresh": own.name,
            "state": compare_verdicts(own, expected, excused),
        }


def _not_compared(kind: str, name: str, facets: str | None, reason: str) -> dict[str, Any]:
    state = Comparison.NOT_COMPARED
    return {"kind": kind, "id": name, "at": facets, "state": state, "reason": reason}


def _compare_numbers(
    fresh: Numbers, reference: Numbers, confidence: float, same_versions: bool
) -> Iterator[dict[str, Any]]:
    level = level_per_number(fresh, reference, confidence)
    for key, expected in reference.items():
        row = _number_row(key) | {"reference": estimate(expected.evidence, confidence).value}
        number = fresh.get(key)
        if number is None:
            yield row | {"state": Comparison.MISSING}
            continue
        value = estimate(number.evidence, confidence).value
        allowed = allowed_range(expected, number.evidence, level)
        bounds, reference_bounds = known_range(number), known_range(expected)
        if not (bounds.is_bounded and reference_bounds.is_bounded):
            state = _unbounded_state(bounds, reference_bounds)
        elif bounds.touches(allowed):
            state = Comparison.SAME
        else:
            state = _difference(expected, value, row["reference"], same_versions)
        yield row | {
            "lowest": allowed.low,
            "highest": allowed.high,
            "fresh": value,
            "fresh_from": bounds.low,
            "fresh_to": bounds.high,
            "state": state,
        }
    for key, number in fresh.items():
        if key not in reference:
            value = estimate(number.evidence, confidence).value
            yield _number_row(key) | {"fresh": value, "state": Comparison.NEW}


def _unbounded_state(fresh: Range, reference: Range) -> Comparison:
    """Return how two numbers differ if one of them, or both, have no bound."""
    if reference.is_bounded:
        return Comparison.MISSING
    return Comparison.NEW if fresh.is_bounded else Comparison.SAME


def _number_row(key: Key) -> dict[str, Any]:
    name, facets = key
    return {"kind": "number", "id": name, "at": facets}


def _difference(
    reference: Number,
    value: float,
    reference_value: float,
    same_versions: bool,
) -> Comparison:
    """Return how a value differs that is outside the allowed range."""
    expected = reference.evidence
    if expected.counted and expected.samples.is_exact and not same_versions:
        return Comparison.OTHER_VERSIONS
    if reference.criterion is None or np.isnan(value):
        return Comparison.CHANGED
    margin = _margin(reference.criterion, value)
    reference_margin = _margin(reference.criterion, reference_value)
    return Comparison.BETTER if margin > reference_margin else Comparison.WORSE


def _margin(criterion: Interval, value: float) -> float:
    """Return the signed distance by which a value satisfies a criterion."""
    inside = min(value - criterion.low, criterion.high - value)
    return float(inside if criterion.inside else -inside)


def summary(comparison: pd.DataFrame, tier: str) -> dict[str, Any]:
    """Summarize a comparison for verify.json.

    Returns:
        The tier, whether nothing is flagged (`ok`), the number of rows by state (`states`), the
        number of rows that are not compared by reason (`not_compared`), the flagged rows
        (`flagged`), and the verdicts that differ without a contradiction (`listed`).
    """
    states = comparison["state"]
    flagged, listed = (
        json.loads(comparison[states.isin(group)].to_json(orient="records"))
        for group in (FLAGGED, LISTED)
    )
    return {
        "tier": tier,
        "ok": not flagged,
        "states": states.value_counts().to_dict(),
        "not_compared": comparison["reason"].value_counts().to_dict(),
        "flagged": flagged,
        "listed": listed,
    }


def report_text(comparison: pd.DataFrame) -> str:
    """Return the text for the terminal.

    It has a line of counts, a line per reason for which numbers are not compared, and a line per
    row that is flagged or listed.
    """
    kinds, states = comparison["kind"], comparison["state"]
    n_verdicts = int((kinds == "verdict").sum())
    n_numbers = int((kinds == "number").sum())
    parts = [f"{count} {state}" for state, count in states.value_counts().items()]
    counts = join_or(parts).replace(" or ", " and ")
    reasons = comparison["reason"].value_counts()
    rows = comparison[states.isin((*FLAGGED, *LISTED))].to_dict("records")
    return "\n".join(
        [
            f"{n_verdicts} verdicts and {n_numbers} numbers: {counts}",
            *(f"not compared: {count}, because {reason}" for reason, count in reasons.items()),
            *map(_line, rows),
        ]
    )


def _line(row: Mapping[Any, Any]) -> str:
    facets = f" ({row['at']})" if isinstance(row["at"], str) else ""
    values = f"{row['fresh']}, reference {row['reference']}"
    if pd.notna(row["lowest"]):
        values += f", allowed {row['lowest']:.4g} to {row['highest']:.4g}"
    return f"{row['state']}: {row['kind']} {row['id']}{facets}: {values}"
