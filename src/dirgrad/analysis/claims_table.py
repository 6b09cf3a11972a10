"""Judge claims by the other tables: one row per claim, with its measured value and its verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.claims import Claim, evidence_of_claim
from dirgrad.analysis.complete_tables import read_complete_table
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.facets import describe
from dirgrad.analysis.samples import format_samples
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.table_columns import ROLES, add_derived
from dirgrad.analysis.verdicts import (
    Decision,
    Estimate,
    Evidence,
    Outcome,
    decide,
    estimate,
    verdict,
)
from dirgrad.core.errors import UserError

Row: TypeAlias = dict[str, Any]


class Place(NamedTuple):
    """A claim at one place.

    Attributes:
        evidence: The values measured there.
        estimate: Their mean with its interval.
        decision: The outcome.
    """

    evidence: Evidence
    estimate: Estimate
    decision: Decision


COLUMNS = [
    "id",
    "source",
    "statement",
    "question",
    "evidence",
    "quantity",
    "criterion",
    "measured",
    "low",
    "high",
    "verdict",
    "sentence",
    "holds",
    "fails",
    "open",
    "lowest",
    "highest",
]
DETAIL_COLUMNS = ["n", "at_least", "at_most", "at", "p_value", "tables", "tier"]
EVIDENCE_COLUMNS = [
    "id",
    "quantity",
    "at",
    "value",
    "low",
    "high",
    "n",
    "n_unpaired",
    "at_least",
    "at_most",
    "counted",
    "timed",
    "lack_of_fit",
    "p_value",
    "adjusted_p_value",
    "outcome",
    "reason",
    "values",
]


class JudgedClaims(NamedTuple):
    """The two tables that `dirgrad claims` writes.

    Attributes:
        claims: One row per claim.
        evidence: One row per claim and measured value.
    """

    claims: pd.DataFrame
    evidence: pd.DataFrame


def read(directory: Path) -> Tables:
    """Read the tables that claims name, from a directory, by name.

    Raises:
        UserError: The directory has no tables, or a table is damaged or lacks a column.
    """
    files = {name: directory / f"{name}.csv" for name in ROLES}
    tables = {name: read_complete_table(file) for name, file in files.items() if file.is_file()}
    if not tables:
        raise UserError(
            f"{directory}: this directory has no tables: "
            "create them with `snakemake`, or name another directory"
        )
    return tables


def make(
    tables: Tables,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
    tier: str,
) -> JudgedClaims:
    """Judge every claim by the tables.

    The table of claims has these columns:

    - `evidence`: kind of evidence, as the claim states it.
    - `verdict`, `sentence`: the verdict over all places, as a word and as a sentence.
    - `holds`, `fails`, `open`: number of places with each outcome.
    - `lowest`, `highest`: range of the measured values over all places.
    - `measured`, `low`, `high`, `n`, `at`: the lower median of the places whose outcome decides the
      verdict, with its interval, its number of values and its facets.
    - `at_least`, `at_most`: whether the quantity is this value or more (or less), since some trials
      never reached their target.
    - `p_value`: two-sided, for the value shown; adjusted by Holm over the places of the claim.

    The table of evidence has one row per place. `values` holds the raw values, `n_unpaired` counts
    values without a partner, and `reason` says why an open place was not tested.

    Args:
        tables: Tables by name.
        claims: Claims by id.
        estimators: The estimators of the configuration, by the names that the tables have.
        confidence: Confidence level of the intervals and of the verdicts.
        tier: Name of the configuration, copied into each row.
    """
    # Derived once here, and not by every claim.
    tables = {name: add_derived(name, table) for name, table in tables.items()}
    judged = {
        name: _places(name, claim, tables, estimators, confidence) for name, claim in claims.items()
    }
    claim_rows = [
        _claim_facts(name, claims[name], tier) | _verdict_facts(places)
        for name, places in judged.items()
    ]
    evidence_rows = [
        _evidence_row(name, claims[name], place)
        for name, places in judged.items()
        for place in places
    ]
    return JudgedClaims(
        pd.DataFrame(claim_rows, columns=[*COLUMNS, *DETAIL_COLUMNS]),
        pd.DataFrame(evidence_rows, columns=EVIDENCE_COLUMNS),
    )


def _places(
    name: str,
    claim: Claim,
    tables: Tables,
    estimators: Estimators,
    confidence: float,
) -> list[Place]:
    evidence = evidence_of_claim(name, claim, tables, estimators)
    decisions = decide(evidence, claim.criterion.interval, confidence)
    estimates = [estimate(place, confidence) for place in evidence]
    return [Place(*parts) for parts in zip(evidence, estimates, decisions, strict=True)]


def _claim_facts(name: str, claim: Claim, tier: str) -> Row:
    return {
        "id": name,
        "source": claim.source,
        "statement": claim.statement,
        "question": claim.question,
        "evidence": claim.evidence,
        "quantity": str(claim.quantity),
        "criterion": str(claim.criterion),
        "tables": ", ".join(claim.quantity.tables),
        "tier": tier,
    }


def _verdict_facts(places: Sequence[Place]) -> Row:
    facets = [place.evidence.facets for place in places]
    outcomes = [place.decision.outcome for place in places]
    judged = verdict(facets, outcomes)
    row = {
        "verdict": judged.name,
        "sentence": judged.sentence,
        "holds": judged.holds,
        "fails": judged.fails,
        "open": judged.open,
    }
    if not places:
        return row
    deciding = next(outcome for outcome in Outcome if outcome in outcomes)
    shown = _lower_median([place for place in places if place.decision.outcome is deciding])
    values = [place.estimate.value for place in places]
    return row | {
        "lowest": np.nanmin(values) if np.isfinite(values).any() else np.nan,
        "highest": np.nanmax(values) if np.isfinite(values).any() else np.nan,
        "measured": shown.estimate.value,
        "low": shown.estimate.low,
        "high": shown.estimate.high,
        "n": _sample_size(shown.evidence),
        "at_least": shown.estimate.at_least,
        "at_most": shown.estimate.at_most,
        "at": describe(shown.evidence.facets),
        "p_value": shown.decision.adjusted,
    }


def _lower_median(places: Sequence[Place]) -> Place:
    def key(place: Place) -> tuple[bool, float]:
        return bool(np.isnan(place.estimate.value)), place.estimate.value

    return sorted(places, key=key)[(len(places) - 1) // 2]


def _sample_size(evidence: Evidence) -> float:
    return float("nan") if evidence.counted else evidence.samples.n


def _evidence_row(name: str, claim: Claim, place: Place) -> Row:
    evidence, mean, decision = place
    return {
        "id": name,
        "quantity": str(claim.quantity),
        "at": describe(evidence.facets),
        "value": mean.value,
        "low": mean.low,
        "high": mean.high,
        "n": _sample_size(evidence),
        "n_unpaired": evidence.n_unpaired,
        "at_least": mean.at_least,
        "at_most": mean.at_most,
        "counted": evidence.counted,
        "timed": claim.quantity.timed,
        "lack_of_fit": evidence.lack_of_fit,
        "p_value": decision.p_value,
        "adjusted_p_value": decision.adjusted,
        "outcome": str(decision.outcome),
        "reason": decision.reason or np.nan,
        "values": format_samples(evidence.samples),
    }
