"""Compare a fresh run with its committed reference: every verdict and every number.

A number is flagged if it is worse than the reference allows, and also if it is suspiciously better.
Counted numbers (bytes, multiplications) are compared only if both runs used the same versions of
the frameworks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis import claims_table
from dirgrad.analysis.claims import Claim
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.facets import join_or
from dirgrad.analysis.run_numbers import (
    Key,
    Number,
    allowed_range,
    collect_numbers,
    level_per_number,
)
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.verdicts import NOT_RUN, Interval, estimate
from dirgrad.core.errors import UserError

FRAMEWORKS = ("jax", "torch")
COLUMNS = ["kind", "id", "at", "reference", "lowest", "highest", "fresh", "state"]


class Comparison(StrEnum):
    """The result of comparing one number or verdict with the reference."""

    SAME = "same"
    NEW = "not in the reference"
    OTHER_VERSIONS = "versions differ"
    CHANGED = "changed"
    WORSE = "worse"
    BETTER = "better"
    MISSING = "missing"


FLAGGED = (Comparison.CHANGED, Comparison.WORSE, Comparison.BETTER, Comparison.MISSING)


@dataclass(frozen=True)
class TierResults:
    """The results of one run.

    Attributes:
        tables: The tables, by name.
        tier: Name of the configuration.
        versions: Versions of each framework that the manifest lists.
    """

    tables: Tables
    tier: str
    versions: Mapping[str, tuple[str, ...]]


def read(directory: Path, tier: str) -> TierResults:
    """Read the results of a run from its directory.

    Raises:
        UserError: The directory has no run, or the run has another tier.
    """
    manifest = directory / "manifest.json"
    if not manifest.is_file():
        raise UserError(
            f"{directory}: this directory has no run: "
            f"create results/{tier} with `snakemake --config tier={tier}`"
        )
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    if facts["tier"] != tier:
        raise UserError(
            f"{manifest}: the run has the tier '{facts['tier']}', expected '{tier}': "
            "name another directory"
        )
    versions = {name: tuple(facts.get(name, ())) for name in FRAMEWORKS}
    return TierResults(claims_table.read(directory / "tables"), tier, versions)


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
        One row per verdict and per number. The fresh number may lie between the columns `lowest`
        and `highest`.
    """
    rows = [
        *_compare_verdicts(fresh, reference, claims, estimators, confidence),
        *_compare_numbers(fresh, reference, claims, estimators, confidence),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _compare_verdicts(
    fresh: TierResults,
    reference: TierResults,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
) -> Iterator[dict[str, Any]]:
    fresh_verdicts = _verdicts(fresh, claims, estimators, confidence)
    reference_verdicts = _verdicts(reference, claims, estimators, confidence)
    for name in claims:
        verdict, expected = fresh_verdicts[name], reference_verdicts[name]
        yield {
            "kind": "verdict",
            "id": name,
            "reference": expected,
            "fresh": verdict,
            "state": _verdict_state(verdict, expected),
        }


def _verdicts(
    results: TierResults,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
) -> dict[str, str]:
    judged = claims_table.make(results.tables, claims, estimators, confidence, results.tier)
    table = judged.claims
    return dict(zip(table["id"], map(str, table["verdict"]), strict=True))


def _verdict_state(fresh: str, reference: str) -> Comparison:
    if fresh == reference:
        return Comparison.SAME
    if reference == NOT_RUN:
        return Comparison.NEW
    return Comparison.MISSING if fresh == NOT_RUN else Comparison.CHANGED


def _compare_numbers(
    fresh: TierResults,
    reference: TierResults,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
) -> Iterator[dict[str, Any]]:
    fresh_numbers = collect_numbers(fresh.tables, claims, estimators)
    reference_numbers = collect_numbers(reference.tables, claims, estimators)
    level = level_per_number(fresh_numbers, reference_numbers, confidence)
    same_versions = all(fresh.versions[name] == reference.versions[name] for name in FRAMEWORKS)

    def value_of(number: Number) -> float:
        return estimate(number.evidence, confidence).value

    for key, expected in reference_numbers.items():
        reference_value = value_of(expected)
        row = _number_row(key) | {"reference": reference_value}
        number = fresh_numbers.get(key)
        if number is None:
            yield row | {"state": Comparison.MISSING}
            continue
        value = value_of(number)
        low, high = allowed_range(expected, number.evidence, level)
        if low <= value <= high or value == reference_value:
            state = Comparison.SAME
        else:
            state = _difference(expected, value, reference_value, same_versions)
        yield row | {"lowest": low, "highest": high, "fresh": value, "state": state}
    for key, number in fresh_numbers.items():
        if key not in reference_numbers:
            yield _number_row(key) | {"fresh": value_of(number), "state": Comparison.NEW}


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
        The tier, whether nothing is flagged (`ok`), the number of rows by state (`states`), and
        the flagged rows (`flagged`).
    """
    flagged = comparison[comparison["state"].isin(FLAGGED)]
    rows = json.loads(flagged.to_json(orient="records"))
    return {
        "tier": tier,
        "ok": flagged.empty,
        "states": comparison["state"].value_counts().to_dict(),
        "flagged": rows,
    }


def report_text(comparison: pd.DataFrame) -> str:
    """Return the text for the terminal: one line of counts, then one line per flagged row."""
    kinds = comparison["kind"]
    n_verdicts = int((kinds == "verdict").sum())
    n_numbers = int((kinds == "number").sum())
    counts = comparison["state"].value_counts()
    parts = [f"{count} {state}" for state, count in counts.items()]
    states = join_or(parts).replace(" or ", " and ")
    flagged = comparison[comparison["state"].isin(FLAGGED)].to_dict("records")
    first_line = f"{n_verdicts} verdicts and {n_numbers} numbers compared: {states}"
    return "\n".join([first_line, *map(_flagged_line, flagged)])


def _flagged_line(row: Mapping[Any, Any]) -> str:
    facets = f" ({row['at']})" if isinstance(row["at"], str) else ""
    values = f"{row['fresh']}, reference {row['reference']}"
    if pd.notna(row["lowest"]):
        values += f", allowed {row['lowest']:.4g} to {row['highest']:.4g}"
    return f"{row['state']}: {row['kind']} {row['id']}{facets}: {values}"
