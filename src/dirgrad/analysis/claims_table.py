"""Judge claims by the other tables: one row per claim, with its measured value and its verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.claims import Claim, evidence_of_claims
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.facets import describe
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.verdicts import NOT_RUN, Decision, Evidence, Outcome, decide, verdict
from dirgrad.config.outputs import TABLES
from dirgrad.core.errors import UserError

Row: TypeAlias = dict[str, Any]
Pair: TypeAlias = tuple[Evidence, Decision]
COLUMNS = [
    "id",
    "source",
    "statement",
    "quantity",
    "criterion",
    "measured",
    "low",
    "high",
    "verdict",
]
DETAIL_COLUMNS = ["n", "at_least", "at", "places", "where", "p_value", "tables", "tier"]
EVIDENCE_COLUMNS = [
    "id",
    "quantity",
    "at",
    "value",
    "low",
    "high",
    "n",
    "at_least",
    "counted",
    "timed",
    "p_value",
    "adjusted_p_value",
    "outcome",
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
    """Read all tables in a directory, by name.

    Raises:
        UserError: The directory has no tables.
    """
    files = {name: directory / f"{name}.csv" for name in TABLES}
    tables = {name: pd.read_csv(file) for name, file in files.items() if file.is_file()}
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

    The table of claims shows one measured value per claim: the lower median of the values whose
    outcome decides the verdict. Its columns:

    - `measured`, `low`, `high`, `n`, `at`: this value, its interval, its sample size, its facets.
    - `at_least`: whether the quantity is this value or more, since some trials never finished.
    - `places`: number of measured values.
    - `where`: the outcome for every measured value, by facets.
    - `p_value`: two-sided, for the value shown; adjusted by Holm over all values of all claims.
    - `verdict`: the verdict over all measured values.

    Args:
        tables: Tables by name.
        claims: Claims by id.
        estimators: The estimators of the configuration, by the names that the tables have.
        confidence: Confidence level of the intervals in the tables and of the verdicts.
        tier: Name of the configuration, copied into each row.
    """
    judged = _judge(tables, claims, estimators, confidence)
    claim_rows = [
        _claim_facts(name, claims[name], tier) | _verdict_facts(pairs)
        for name, pairs in judged.items()
    ]
    evidence_rows = [
        _evidence_row(name, claims[name], evidence, decided)
        for name, pairs in judged.items()
        for evidence, decided in pairs
    ]
    return JudgedClaims(
        pd.DataFrame(claim_rows, columns=[*COLUMNS, *DETAIL_COLUMNS]),
        pd.DataFrame(evidence_rows, columns=EVIDENCE_COLUMNS),
    )


def _judge(
    tables: Tables,
    claims: Mapping[str, Claim],
    estimators: Estimators,
    confidence: float,
) -> dict[str, list[Pair]]:
    """Return the evidence of each claim with its outcome, decided over all claims together."""
    entries = list(evidence_of_claims(claims, tables, estimators))
    tests = [(evidence, claims[name].criterion.interval) for name, evidence in entries]
    judged: dict[str, list[Pair]] = {name: [] for name in claims}
    for (name, evidence), decided in zip(entries, decide(tests, confidence), strict=True):
        judged[name].append((evidence, decided))
    return judged


def _claim_facts(name: str, claim: Claim, tier: str) -> Row:
    return {
        "id": name,
        "source": claim.source,
        "statement": claim.statement,
        "quantity": str(claim.quantity),
        "criterion": str(claim.criterion),
        "tables": ", ".join(claim.quantity.tables),
        "tier": tier,
    }


def _verdict_facts(pairs: Sequence[Pair]) -> Row:
    if not pairs:
        return {"verdict": NOT_RUN, "places": 0}
    facets = [evidence.facets for evidence, _ in pairs]
    outcomes = [decided.outcome for _, decided in pairs]
    deciding = next(outcome for outcome in Outcome if outcome in outcomes)
    typical, decided = _lower_median([pair for pair in pairs if pair[1].outcome is deciding])
    return {
        "measured": typical.value,
        "low": typical.low,
        "high": typical.high,
        "verdict": verdict(facets, outcomes),
        "n": typical.n or np.nan,
        "at_least": typical.at_least,
        "at": describe(typical.facets),
        "places": len(pairs),
        "where": _facets_by_outcome(pairs),
        "p_value": decided.adjusted,
    }


def _lower_median(pairs: Sequence[Pair]) -> Pair:
    ordered = sorted(pairs, key=lambda pair: (np.isnan(pair[0].value), pair[0].value))
    return ordered[(len(ordered) - 1) // 2]


def _facets_by_outcome(pairs: Sequence[Pair]) -> str:
    parts = []
    for outcome in Outcome:
        facets = [
            describe(evidence.facets) for evidence, decided in pairs if decided.outcome is outcome
        ]
        if facets:
            parts.append(f"{outcome}: {' / '.join(facets)}")
    return "; ".join(parts)


def _evidence_row(name: str, claim: Claim, evidence: Evidence, decided: Decision) -> Row:
    return {
        "id": name,
        "quantity": str(claim.quantity),
        "at": describe(evidence.facets),
        "value": evidence.value,
        "low": evidence.low,
        "high": evidence.high,
        "n": evidence.n or np.nan,
        "at_least": evidence.at_least,
        "counted": evidence.counted,
        "timed": claim.quantity.timed,
        "p_value": decided.p_value,
        "adjusted_p_value": decided.adjusted,
        "outcome": str(decided.outcome),
    }
