"""The comparison of a fresh run with its reference flags numbers and verdicts that differ."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dirgrad.analysis import verify
from dirgrad.analysis.comparison import Comparison
from dirgrad.analysis.tier_results import TierResults
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS
from support.quantity_tables import Tables

VERSIONS = {"jax": ("1",), "torch": ("2",)}

STEPS_CLAIM = "more_steps_than_backprop"
PRODUCTS_CLAIM = "one_push_multiplies_as_one_pull"
SECONDS_CLAIM = "seconds_at_equal_rate"
make_steps = CLAIM_TABLES[STEPS_CLAIM].make
make_products = CLAIM_TABLES[PRODUCTS_CLAIM].make
make_seconds = CLAIM_TABLES[SECONDS_CLAIM].make


def run(tables: Tables, versions: dict[str, tuple[str, ...]] = VERSIONS) -> TierResults:
    return TierResults(tables, "test", versions)


def compare(fresh: TierResults, reference: TierResults) -> pd.DataFrame:
    return verify.compare(fresh, reference, CLAIMS, ESTIMATORS, 0.95)


def only_row(comparison: pd.DataFrame, kind: str, name: str) -> pd.Series:
    """Return the only row of a kind, `number` or `verdict`, about a claim."""
    selected = comparison[(comparison["kind"] == kind) & (comparison["id"] == name)]
    assert len(selected) == 1
    return selected.iloc[0]


def number_state(comparison: pd.DataFrame, name: str) -> str:
    return str(only_row(comparison, "number", name)["state"])


def verdict_state(comparison: pd.DataFrame, name: str) -> str:
    return str(only_row(comparison, "verdict", name)["state"])


def is_ok(comparison: pd.DataFrame) -> bool:
    """Return whether nothing is flagged."""
    ok = verify.summary(comparison, "test")["ok"]
    assert isinstance(ok, bool)
    return ok


def test_a_run_equals_itself() -> None:
    results = run(make_steps(2.0, 0.05, 10) | make_products(1.0, 0.0, 1))
    comparison = compare(results, results)
    assert set(comparison["state"]) == {Comparison.SAME}
    assert is_ok(comparison)


@pytest.mark.parametrize(
    ("value", "state"), [(2.1, Comparison.SAME), (1.3, Comparison.WORSE), (4.0, Comparison.BETTER)]
)
def test_a_number_beyond_the_noise_of_both_runs_is_flagged_on_either_side(
    value: float, state: Comparison
) -> None:
    """The claim is that a forward gradient needs more steps, so more steps are `better`."""
    comparison = compare(run(make_steps(value, 0.05, 10)), run(make_steps(2.0, 0.05, 10)))
    row = only_row(comparison, "number", STEPS_CLAIM)
    is_same = state is Comparison.SAME
    assert row["state"] == state
    assert bool(row["lowest"] <= value <= row["highest"]) is is_same
    assert is_ok(comparison) is is_same


def test_the_allowed_range_is_a_student_interval_of_a_difference() -> None:
    results = run(make_steps(2.0, 0.05, 10))
    row = only_row(compare(results, results), "number", STEPS_CLAIM)
    error_per_run = 0.05 / np.sqrt(10)
    error = error_per_run * np.sqrt(2)
    # The README shows the value too, so that two numbers share the level of 5 %.
    level = 0.05 / 2
    reach = stats.t.ppf(1 - level / 2, 9) * error
    assert np.log(row["highest"] / 2.0) == pytest.approx(reach)
    assert np.log(2.0 / row["lowest"]) == pytest.approx(reach)


def test_a_ratio_of_seconds_may_differ_by_a_further_factor_of_two() -> None:
    reference = run(make_seconds(1.0, 0.01, 10))
    states = {
        value: number_state(compare(run(make_seconds(value, 0.01, 10)), reference), SECONDS_CLAIM)
        for value in (1.9, 2.5)
    }
    assert states == {1.9: Comparison.SAME, 2.5: Comparison.WORSE}


@pytest.mark.parametrize(
    ("versions", "state"),
    [(VERSIONS, Comparison.WORSE), (VERSIONS | {"jax": ("3",)}, Comparison.OTHER_VERSIONS)],
)
def test_counts_must_be_equal_if_versions_are_equal(
    versions: dict[str, tuple[str, ...]], state: Comparison
) -> None:
    fresh = run(make_products(1.005, 0.0, 1), versions)
    comparison = compare(fresh, run(make_products(1.0, 0.0, 1)))
    assert number_state(comparison, PRODUCTS_CLAIM) == state


def test_a_verdict_that_differs_has_changed() -> None:
    comparison = compare(run(make_steps(0.5, 0.01, 10)), run(make_steps(2.0, 0.01, 10)))
    assert verdict_state(comparison, STEPS_CLAIM) == Comparison.CHANGED


def test_a_result_that_the_fresh_run_lacks_is_missing() -> None:
    """A result that only the fresh run has is new, and it is not flagged."""
    steps = run(make_steps(2.0, 0.05, 10))
    steps_and_products = run(make_steps(2.0, 0.05, 10) | make_products(1.0, 0.0, 1))

    with_less = compare(steps, steps_and_products)
    assert number_state(with_less, PRODUCTS_CLAIM) == Comparison.MISSING
    assert verdict_state(with_less, PRODUCTS_CLAIM) == Comparison.MISSING

    with_more = compare(steps_and_products, steps)
    assert number_state(with_more, PRODUCTS_CLAIM) == Comparison.NEW
    assert is_ok(with_more)


@pytest.mark.parametrize(
    ("reaches", "states"),
    [(False, {Comparison.SAME}), (True, {Comparison.WORSE, Comparison.BETTER})],
)
def test_a_fresh_run_may_not_reach_a_target_that_its_reference_misses(
    reaches: bool, states: set[Comparison]
) -> None:
    reached = make_steps(2.0, 0.05, 10)
    missed = reached["targets"].assign(
        n_reached=0,
        steps_over_backprop=np.nan,
        steps_over_backprop_low=np.nan,
        steps_over_backprop_high=np.nan,
        steps_over_backprop_values="0:9..inf 1:8..inf 2:9..inf 3:7..inf 4:9..inf",
    )
    unreached = {"targets": missed}
    comparison = compare(run(reached if reaches else unreached), run(unreached))
    assert number_state(comparison, STEPS_CLAIM) in states
