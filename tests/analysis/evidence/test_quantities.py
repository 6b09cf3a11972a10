"""Every quantity reads its evidence from tables, and the evidence can decide a claim."""

import math

import pytest

from dirgrad.analysis.evidence.quantities import QUANTITIES
from dirgrad.analysis.verdicts import Evidence, Interval, Outcome, decide, standard_error
from dirgrad.config import outputs
from support.hand_made_quantities import QUANTITY_TABLES

VALUE = 1.7
ABOVE_ONE = Interval(low=1.0, strict=True)
BELOW_ONE = Interval(high=1.0, strict=True)
SAMPLED = [name for name, quantity in QUANTITY_TABLES.items() if not quantity.counted]


def read_evidence(name: str, half_width: float, n: int = 10) -> Evidence:
    """Return the evidence about a quantity from its hand-made tables."""
    quantity = QUANTITY_TABLES[name]
    tables = quantity.make(VALUE, half_width, n)
    (evidence,) = QUANTITIES[name].evidence(tables, quantity.where)
    return evidence


def outcome(name: str, criterion: Interval, half_width: float = 0.01, n: int = 10) -> Outcome:
    """Return the outcome for a quantity whose value is `VALUE`."""
    (decided,) = decide([(read_evidence(name, half_width, n), criterion)], 0.95)
    return decided.outcome


def test_every_quantity_has_hand_made_tables() -> None:
    assert set(QUANTITY_TABLES) == set(QUANTITIES)


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_reads_existing_tables_and_can_select_its_rows(name: str) -> None:
    quantity = QUANTITIES[name]
    assert quantity.tables
    assert set(quantity.tables) <= set(outputs.TABLES)
    assert set(QUANTITY_TABLES[name].where) <= set(quantity.selectable)


@pytest.mark.parametrize("name", QUANTITY_TABLES)
def test_a_value_is_read_with_its_framework_sample_size_and_standard_error(name: str) -> None:
    counted = QUANTITY_TABLES[name].counted
    evidence = read_evidence(name, half_width=0.05)
    assert evidence.value == pytest.approx(VALUE)
    assert evidence.counted is counted
    assert evidence.facets["framework"] == "jax"
    if not counted:
        assert evidence.n == 10
        # The interval is two-sided at 95 %, and the mean averages 6 of the 10 values.
        error = 0.05 / 1.959964 * math.sqrt(6 / 5)
        assert standard_error(evidence, 0.95) == pytest.approx(error, rel=0.01)


@pytest.mark.parametrize("name", QUANTITY_TABLES)
def test_a_quantity_can_support_and_refute_a_claim(name: str) -> None:
    assert outcome(name, ABOVE_ONE) is Outcome.HOLDS
    assert outcome(name, BELOW_ONE) is Outcome.FAILS
    assert outcome(name, Interval(1.0, 2.0)) is Outcome.HOLDS
    assert outcome(name, Interval(1.0, 2.0, inside=False)) is Outcome.FAILS


@pytest.mark.parametrize("name", SAMPLED)
def test_an_interval_across_the_criterion_is_inconclusive(name: str) -> None:
    assert outcome(name, Interval(low=1.6, strict=True), half_width=0.2) is Outcome.OPEN


@pytest.mark.parametrize("name", ["backprop_rate_over", "backprop_largest_rate_over"])
def test_hard_bounds_of_a_rate_across_the_criterion_are_inconclusive(name: str) -> None:
    assert outcome(name, Interval(low=1.6, strict=True), half_width=0.2) is Outcome.OPEN


@pytest.mark.parametrize("name", SAMPLED)
def test_four_values_are_inconclusive(name: str) -> None:
    assert outcome(name, BELOW_ONE, n=4) is Outcome.OPEN


@pytest.mark.parametrize("name", QUANTITY_TABLES)
def test_a_missing_table_column_or_row_gives_no_evidence(name: str) -> None:
    read = QUANTITIES[name].evidence
    where = QUANTITY_TABLES[name].where
    tables = QUANTITY_TABLES[name].make(VALUE, 0.05, 10)
    assert list(read({}, where)) == []
    for table_name, table in tables.items():
        without_columns = tables | {table_name: table[[]]}
        assert list(read(without_columns, where)) == []
        without_rows = tables | {table_name: table.iloc[:0]}
        assert list(read(without_rows, where)) == []
