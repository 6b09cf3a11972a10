"""Every claim reads its evidence from tables, and the evidence can decide it."""

import numpy as np
import pytest

from dirgrad.analysis.verdicts import Evidence, Interval, Outcome, decide, estimate
from dirgrad.config import outputs
from dirgrad.core.errors import UserError
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS
from support.quantity_tables import Tables

VALUE = 1.7
ABOVE_ONE = Interval(low=1.0, strict=True)
BELOW_ONE = Interval(high=1.0, strict=True)
SAMPLED = [name for name, tables in CLAIM_TABLES.items() if not tables.counted]


def evidence_in(name: str, tables: Tables) -> list[Evidence]:
    """Return the evidence about a claim in tables."""
    return list(CLAIMS[name].quantity.evidence(tables, ESTIMATORS))


def read_evidence(name: str, spread: float, n: int = 10) -> Evidence:
    """Return the evidence about a claim from its hand-made tables."""
    (evidence,) = evidence_in(name, CLAIM_TABLES[name].make(VALUE, spread, n))
    return evidence


def outcome(name: str, criterion: Interval, spread: float = 0.01, n: int = 10) -> Outcome:
    """Return the outcome for a claim whose quantity is `VALUE`."""
    (decided,) = decide([read_evidence(name, spread, n)], criterion, 0.95)
    return decided.outcome


def test_every_claim_has_hand_made_tables() -> None:
    assert set(CLAIM_TABLES) == set(CLAIMS)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_quantity_reads_existing_tables(name: str) -> None:
    tables = CLAIMS[name].quantity.tables
    assert set(tables) == set(CLAIM_TABLES[name].make(VALUE, 0.05, 10))
    assert set(tables) <= set(outputs.TABLES)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_value_is_read_with_its_framework_and_its_raw_values(name: str) -> None:
    counted = CLAIM_TABLES[name].counted
    evidence = read_evidence(name, spread=0.05)
    assert evidence.counted is counted
    assert evidence.logarithmic is CLAIMS[name].quantity.logarithmic
    assert evidence.facets["framework"] == "jax"
    assert evidence.samples.n == (1 if counted else 10)
    if counted:
        (low,), (high,) = evidence.samples[1:]
        assert low * 0.99 <= VALUE <= high * 1.01
        return
    raw = np.log(evidence.samples.low) if evidence.logarithmic else evidence.samples.low
    assert raw.std(ddof=1) == pytest.approx(0.05, rel=0.01)
    assert estimate(evidence, 0.95).value == pytest.approx(VALUE, rel=0.01)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_quantity_can_support_and_refute_a_claim(name: str) -> None:
    assert outcome(name, ABOVE_ONE) is Outcome.HOLDS
    assert outcome(name, BELOW_ONE) is Outcome.FAILS
    assert outcome(name, Interval(1.0, 2.0)) is Outcome.HOLDS
    assert outcome(name, Interval(1.0, 2.0, inside=False)) is Outcome.FAILS


@pytest.mark.parametrize("name", SAMPLED)
def test_values_on_both_sides_of_the_criterion_are_inconclusive(name: str) -> None:
    assert outcome(name, Interval(low=1.6, strict=True), spread=0.5) is Outcome.OPEN


@pytest.mark.parametrize("name", ["rate_is_a_hundredth", "largest_rate_is_a_hundredth"])
def test_hard_bounds_of_a_rate_across_the_criterion_are_inconclusive(name: str) -> None:
    assert outcome(name, Interval(low=1.6, strict=True), spread=0.2) is Outcome.OPEN


@pytest.mark.parametrize("name", SAMPLED)
def test_four_values_are_inconclusive(name: str) -> None:
    assert outcome(name, BELOW_ONE, n=4) is Outcome.OPEN


@pytest.mark.parametrize("name", CLAIMS)
def test_a_missing_table_column_or_row_gives_no_evidence(name: str) -> None:
    tables = CLAIM_TABLES[name].make(VALUE, 0.05, 10)
    assert evidence_in(name, {}) == []
    for table_name, table in tables.items():
        assert evidence_in(name, tables | {table_name: table[[]]}) == []
        assert evidence_in(name, tables | {table_name: table.iloc[:0]}) == []


@pytest.mark.parametrize("name", SAMPLED)
def test_a_table_without_raw_values_is_refused_with_its_column(name: str) -> None:
    tables = CLAIM_TABLES[name].make(VALUE, 0.05, 10)
    for table_name, table in tables.items():
        raw = [column for column in table if str(column).endswith("_values")]
        old = tables | {table_name: table.drop(columns=raw)}
        with pytest.raises(UserError, match=f"table '{table_name}' has no raw values .*_values"):
            evidence_in(name, old)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_about_estimators_that_are_not_configured_was_not_run(name: str) -> None:
    tables = CLAIM_TABLES[name].make(VALUE, 0.05, 10)
    selects_estimators = bool(ESTIMATOR_CLAIMS & {name})
    evidence = list(CLAIMS[name].quantity.evidence(tables, {}))
    assert (evidence == []) is selects_estimators


ESTIMATOR_CLAIMS = set(CLAIMS) - {
    "difference_is_biased",
    "thresholding_needs_k_directions",
    "few_coordinates_need_d_evaluations",
    "thresholding_grows_with_sparsity",
    "thresholding_needs_many_directions_per_step",
    "neither_few_nor_many_directions_are_best",
    "larger_supports_need_fewer_evaluations",
    "thresholding_needs_fewer_evaluations",
    "thresholding_generalises",
}
"""All claims except those about every estimator in their rows."""
