"""Trials that miss their target or diverge are evidence too, and a claim selects its rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.verdicts import Evidence, Interval, Outcome, decide
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS
from support.quantity_tables import ratio_with_interval
from support.training_quantities import FORWARD_CELL

ABOVE_ONE = Interval(low=1.0, strict=True)
BELOW_ONE = Interval(high=1.0, strict=True)
NO_RATIO = ratio_with_interval("steps_over_backprop", np.nan, np.nan)


def unreached_evidence(**cells: Any) -> Evidence:
    """Return the evidence about the steps to a target that some trials did not reach.

    Args:
        **cells: Columns of the row that count trials or bound the ratio.
    """
    tables = {"targets": pd.DataFrame([FORWARD_CELL | NO_RATIO | cells])}
    (evidence,) = CLAIMS["more_steps_than_backprop"].quantity.evidence(tables, ESTIMATORS)
    return evidence


def test_a_target_that_no_trial_reached_is_decided_by_a_sign_test() -> None:
    for n, expected in ((10, Outcome.FAILS), (5, Outcome.OPEN)):
        evidence = unreached_evidence(n=n, n_reached=0)
        (decided,) = decide([(evidence, BELOW_ONE)], 0.95)
        assert decided.outcome is expected
        # All n trials lie above the criterion, with probability 0.5**n; the test is two-sided.
        assert decided.p_value == pytest.approx(2 * 0.5**n)


def test_a_target_that_some_trials_reached_is_decided_by_the_trials_that_missed_it() -> None:
    evidence = unreached_evidence(n=10, n_reached=6)
    (decided,) = decide([(evidence, BELOW_ONE)], 0.95)
    assert decided.outcome is Outcome.OPEN
    at_most_3_of_10 = (1 + 10 + 45 + 120) / 1024
    two_sided = 2 * (1 - at_most_3_of_10)
    assert decided.p_value == pytest.approx(min(1.0, two_sided))


@pytest.mark.parametrize(
    ("bound", "above", "below"),
    [(40.0, Outcome.HOLDS, Outcome.FAILS), (0.1, Outcome.OPEN, Outcome.OPEN)],
)
def test_a_lower_bound_can_show_a_large_ratio_but_never_a_small_ratio(
    bound: float, above: Outcome, below: Outcome
) -> None:
    """Test trials that spent `bound` times the steps of backprop without reaching the target."""
    bound_cells = ratio_with_interval("steps_over_backprop_at_least", bound, 0.1)
    evidence = unreached_evidence(n=5, n_reached=0, **bound_cells)
    (decided_above,) = decide([(evidence, ABOVE_ONE)], 0.95)
    (decided_below,) = decide([(evidence, BELOW_ONE)], 0.95)
    assert decided_above.outcome is above
    assert decided_below.outcome is below
    assert evidence.at_least


def test_a_claim_reads_only_the_rows_of_the_estimators_that_it_selects() -> None:
    shared = FORWARD_CELL | {"n": 5, "n_reached": 5}
    row = shared | ratio_with_interval("steps_over_backprop", 2.0, 0.1)
    names = ["forward_gradient_k8", "forward_gradient_rank_one", "unknown"]
    targets = pd.DataFrame([row | {"estimator": name} for name in names])
    quantity = CLAIMS["more_steps_than_backprop"].quantity
    selected = list(quantity.evidence({"targets": targets}, ESTIMATORS))
    assert [evidence.facets["estimator"] for evidence in selected] == ["forward_gradient_rank_one"]


def test_a_truncated_gradient_that_diverged_has_an_infinite_loss() -> None:
    name = "descent_repairs_the_sign"
    final = CLAIM_TABLES[name].make(1.0, 0.0, 1)["final"]
    diverged = final["estimator"] == "truncated_bptt_10"
    final = final.assign(n_ok=(~diverged).astype(int))
    (evidence,) = CLAIMS[name].quantity.evidence({"final": final}, ESTIMATORS)
    # The ratio is a finite loss over an infinite loss.
    assert evidence.value == 0
