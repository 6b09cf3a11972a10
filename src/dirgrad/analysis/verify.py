"""A fresh run beside its committed reference: verdict by verdict, number by number, neither worse nor suspiciously better.

A number that is sampled may lie as far from its reference as two runs' noise puts it: the reference's interval widened by the
fresh run's own, as a Student interval of their difference at the confidence shared by all numbers that are compared, so that
a flag is raised by chance in 5 % of the comparisons of whole runs, not of each number. Where seconds are in it, it may besides be
twice as large or half as large, since machines differ. A number without an interval may differ by a hundredth. What is counted
(bytes, multiplications) is equal where the versions of the frameworks are, and not compared where they are not; a rate that is
known between two of a grid stays between them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dirgrad.analysis import claims_table as judging
from dirgrad.analysis.claims import Claim
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.verdicts import (
    NOT_RUN,
    Evidence,
    Interval,
    degrees_of_freedom,
    describe,
    join_or,
    standard_error,
)
from dirgrad.core.errors import UserError

FRAMEWORKS = ("jax", "torch")
MACHINES = 2.0
"""The factor by which a ratio of times may differ between machines."""
ROUNDING = 0.01
"""The share by which a number without an interval may."""
COLUMNS = ["kind", "id", "at", "reference", "lowest", "highest", "fresh", "state"]


class Comparison(StrEnum):
    """What became of a number or a verdict. Those from CHANGED on are flagged."""

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
    """The tables of a run. versions: of the frameworks, by its manifest."""

    tables: Tables
    tier: str
    versions: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Number:
    """A value and what is known of it; criterion: that of its claim, if it has one."""

    evidence: Evidence
    timed: bool
    criterion: Interval | None


def read(directory: Path, tier: str) -> TierResults:
    """A run from its directory. Raises UserError where there is none, or one of another tier."""
    manifest = directory / "manifest.json"
    if not manifest.is_file():
        raise UserError(
            f"{directory}: no run here: `snakemake --config tier={tier}` makes results/{tier}"
        )
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    if facts["tier"] != tier:
        raise UserError(
            f"{manifest}: is of the tier '{facts['tier']}', not of '{tier}': name another directory"
        )
    versions = {name: tuple(facts.get(name, ())) for name in FRAMEWORKS}
    return TierResults(judging.read(directory / "tables"), tier, versions)


def compare(
    fresh: TierResults, reference: TierResults, claims: Mapping[str, Claim], confidence: float
) -> pd.DataFrame:
    """A row per verdict and per number. `lowest`, `highest`: between which the fresh value may lie."""
    rows = [
        *_verdicts(fresh, reference, claims, confidence),
        *_numbers(fresh, reference, claims, confidence),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _verdicts(
    fresh: TierResults, reference: TierResults, claims: Mapping[str, Claim], confidence: float
) -> Iterator[dict[str, Any]]:
    made = (
        judging.make(run.tables, claims, confidence, run.tier).claims for run in (fresh, reference)
    )
    ours, theirs = (dict(zip(one["id"], map(str, one["verdict"]), strict=True)) for one in made)
    for name in claims:
        now, then = ours[name], theirs[name]
        state = (
            Comparison.SAME
            if now == then
            else Comparison.NEW
            if then == NOT_RUN
            else Comparison.MISSING
            if now == NOT_RUN
            else Comparison.CHANGED
        )
        yield {"kind": "verdict", "id": name, "reference": then, "fresh": now, "state": state}


def _numbers(
    fresh: TierResults, reference: TierResults, claims: Mapping[str, Claim], confidence: float
) -> Iterator[dict[str, Any]]:
    ours, theirs = (dict(_found(run.tables, claims)) for run in (fresh, reference))
    shared = sum(not theirs[key].evidence.counted for key in theirs if key in ours)
    level = 1 - (1 - confidence) / max(1, shared)
    same = all(fresh.versions[name] == reference.versions[name] for name in FRAMEWORKS)
    for key, then in theirs.items():
        told = {"kind": "number", "id": key[0], "at": key[1], "reference": then.evidence.value}
        if key not in ours:
            yield told | {"state": Comparison.MISSING}
            continue
        now = ours[key]
        low, high = _allowed(then, now.evidence, confidence, level)
        counted = then.evidence.counted and np.isnan(then.evidence.low)
        state = (
            Comparison.OTHER_VERSIONS
            if counted and not same
            else _state(then, now.evidence.value, low, high)
        )
        yield told | {"lowest": low, "highest": high, "fresh": now.evidence.value, "state": state}
    for (name, at), now in ours.items():
        if (name, at) not in theirs:
            yield {
                "kind": "number",
                "id": name,
                "at": at,
                "fresh": now.evidence.value,
                "state": Comparison.NEW,
            }


def _found(tables: Tables, claims: Mapping[str, Claim]) -> Iterator[tuple[tuple[str, str], Number]]:
    """The evidence of every claim, and the numbers of the README."""
    for name, claim in claims.items():
        for one in claim.measured_quantity.evidence(tables, claim.where):
            yield (
                (name, describe(one.facets)),
                Number(one, claim.measured_quantity.timed, claim.criterion.interval),
            )
    for table, (keys, values) in HEADLINES.items():
        for row in tables.get(table, pd.DataFrame()).to_dict("records"):
            for value in (
                name
                for name in values
                if pd.notna(row.get(name)) and pd.notna(row.get("paper_value", 0))
            ):
                place = {str(key): row[key] for key in keys if pd.notna(row.get(key))}
                one = Evidence(
                    place,
                    row[value],
                    row[f"{value}_low"],
                    row[f"{value}_high"],
                    int(np.nan_to_num(row["n"])),
                )
                yield (
                    (f"{table}.{value}", describe(place)),
                    Number(one, str(row.get("quantity", "")).startswith(TIMED), None),
                )


HEADLINES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "baydin": (("figure", "problem", "learning_rate", "quantity", "backend"), ("value",)),
    "targets": (
        ("experiment", "backend", "estimator"),
        ("steps_over_backprop", "train_accuracy", "test_accuracy"),
    ),
}
"""The numbers that the README shows: the columns of their places, and their own."""
TIMED = ("seconds", "T_", "R_")
"""How the names of quantities begin that seconds are in."""


def _allowed(then: Number, now: Evidence, confidence: float, level: float) -> tuple[float, float]:
    """Between which a fresh value may lie."""
    one = then.evidence
    if one.counted:
        slack = 1e-9 * abs(one.value)
        return (
            (one.low, one.high) if np.isfinite(one.low) else (one.value - slack, one.value + slack)
        )
    if not np.isfinite(one.value):
        return one.value, one.value
    noise = [standard_error(e, confidence) for e in (one, now) if e.n > 1 and e.high > e.low]
    ratio = one.logarithmic and one.value > 0
    middle, reach = (
        np.log(one.value) if ratio else one.value,
        ROUNDING * (1.0 if ratio else abs(one.value)),
    )
    if noise:
        few = min(e.n for e in (one, now) if e.n > 1)
        reach = max(
            reach,
            float(
                stats.t.ppf((1 + level) / 2, degrees_of_freedom(few))
                * np.hypot(noise[0], noise[-1])
            ),
        )
    low, high = (
        float(np.exp(end)) if ratio else float(end) for end in (middle - reach, middle + reach)
    )
    return (low / MACHINES, high * MACHINES) if then.timed else (low, high)


def _state(then: Number, value: float, low: float, high: float) -> Comparison:
    if low <= value <= high or value == then.evidence.value:
        return Comparison.SAME
    if then.criterion is None or np.isnan(value):
        return Comparison.CHANGED
    return (
        Comparison.BETTER
        if _margin(then.criterion, value) > _margin(then.criterion, then.evidence.value)
        else Comparison.WORSE
    )


def _margin(criterion: Interval, value: float) -> float:
    """How well a value meets a criterion."""
    inside = min(value - criterion.low, criterion.high - value)
    return float(inside if criterion.inside else -inside)


def summary(found: pd.DataFrame, tier: str) -> dict[str, Any]:
    """Whether all is as it was, how many are of which state, and the flagged rows."""
    flagged = found[found["state"].isin(FLAGGED)]
    rows = json.loads(flagged.to_json(orient="records"))
    return {
        "tier": tier,
        "ok": flagged.empty,
        "states": found["state"].value_counts().to_dict(),
        "flagged": rows,
    }


def sentence(found: pd.DataFrame) -> str:
    """What is said on the terminal: a line, and one for each flagged row."""
    counts = {kind: int((found["kind"] == kind).sum()) for kind in ("verdict", "number")}
    states = join_or([f"{count} {state}" for state, count in found["state"].value_counts().items()])
    lines = [
        f"{counts['verdict']} verdicts and {counts['number']} numbers compared: {states}".replace(
            " or ", " and "
        )
    ]
    for row in found[found["state"].isin(FLAGGED)].to_dict("records"):
        at = f" ({row['at']})" if isinstance(row["at"], str) else ""
        between = (
            f", allowed {row['lowest']:.4g} to {row['highest']:.4g}"
            if pd.notna(row["lowest"])
            else ""
        )
        lines.append(
            f"{row['state']}: {row['kind']} {row['id']}{at}: {row['fresh']}, reference {row['reference']}{between}"
        )
    return "\n".join(lines)
