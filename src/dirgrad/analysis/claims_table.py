"""A row per claim: what was measured of it, and the verdict. Made from the other tables alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from dirgrad.analysis.claims import Claim
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.verdicts import NOT_RUN, Decided, Evidence, Outcome, decide, describe, verdict
from dirgrad.config.outputs import TABLES
from dirgrad.core.errors import UserError

Row: TypeAlias = dict[str, Any]
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
MORE = ["n", "at_least", "at", "places", "where", "p_value", "tables", "tier"]
PLACES = [
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
    """claims: a row per claim. evidence: a row per claim and place."""

    claims: pd.DataFrame
    evidence: pd.DataFrame


def read(directory: Path) -> Tables:
    """The tables that a directory has. Raises UserError where it has none."""
    files = {name: directory / f"{name}.csv" for name in TABLES}
    found = {name: pd.read_csv(file) for name, file in files.items() if file.is_file()}
    if not found:
        raise UserError(
            f"{directory}: no tables here: make them first with `snakemake`, or name another directory"
        )
    return found


def make(tables: Tables, claims: Mapping[str, Claim], confidence: float, tier: str) -> JudgedClaims:
    """`measured`, `low`, `high`, `n`, `at`: of the place in the middle of those that decide the verdict; `at_least`: whether the
    quantity there is that or more, as trials that came to no end tell; `where`: what every place says; `p_value`: of that place,
    two-sided and adjusted by Holm over all places of all claims; `verdict`: of all places."""
    found = [
        (name, one)
        for name, claim in claims.items()
        for one in claim.measured_quantity.evidence(tables, claim.where)
    ]
    decided = decide([(one, claims[name].criterion.interval) for name, one in found], confidence)
    judged: dict[str, list[tuple[Evidence, Decided]]] = {name: [] for name in claims}
    for (name, one), outcome in zip(found, decided, strict=True):
        judged[name].append((one, outcome))
    rows = [_facts(name, claims[name], tier) | _verdict(pairs) for name, pairs in judged.items()]
    evidence = [
        _place(name, claims[name], *pair) for name, pairs in judged.items() for pair in pairs
    ]
    return JudgedClaims(
        pd.DataFrame(rows, columns=[*COLUMNS, *MORE]), pd.DataFrame(evidence, columns=PLACES)
    )


def _facts(name: str, claim: Claim, tier: str) -> Row:
    told: Row = {
        "id": name,
        "source": claim.source,
        "statement": claim.statement,
        "quantity": claim.quantity,
    }
    return told | {
        "criterion": str(claim.criterion),
        "tables": ", ".join(claim.measured_quantity.tables),
        "tier": tier,
    }


def _verdict(pairs: Sequence[tuple[Evidence, Decided]]) -> Row:
    if not pairs:
        return {"verdict": NOT_RUN, "places": 0}
    said = verdict([one.facets for one, _ in pairs], [decided.outcome for _, decided in pairs])
    main = next(
        outcome for outcome in Outcome if any(decided.outcome is outcome for _, decided in pairs)
    )
    typical, decided = _middle([pair for pair in pairs if pair[1].outcome is main])
    where = {
        outcome: [describe(one.facets) for one, found in pairs if found.outcome is outcome]
        for outcome in Outcome
    }
    return {
        "measured": typical.value,
        "low": typical.low,
        "high": typical.high,
        "verdict": said,
        "n": typical.n or np.nan,
        "at_least": typical.at_least,
        "at": describe(typical.facets),
        "places": len(pairs),
        "where": "; ".join(
            f"{outcome}: {' / '.join(there)}" for outcome, there in where.items() if there
        ),
        "p_value": decided.adjusted,
    }


def _middle(pairs: Sequence[tuple[Evidence, Decided]]) -> tuple[Evidence, Decided]:
    """The lower median by value."""
    ordered = sorted(pairs, key=lambda pair: (np.isnan(pair[0].value), pair[0].value))
    return ordered[(len(ordered) - 1) // 2]


def _place(name: str, claim: Claim, one: Evidence, decided: Decided) -> Row:
    told: Row = {
        "id": name,
        "quantity": claim.quantity,
        "at": describe(one.facets),
        "value": one.value,
        "low": one.low,
        "high": one.high,
    }
    told |= {
        "n": one.n or np.nan,
        "at_least": one.at_least,
        "counted": one.counted,
        "timed": claim.measured_quantity.timed,
    }
    return told | {
        "p_value": decided.p_value,
        "adjusted_p_value": decided.adjusted,
        "outcome": str(decided.outcome),
    }
