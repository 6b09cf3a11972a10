"""Trials that miss their target or diverge are evidence too, and a claim selects its rows."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.verdicts import Evidence, Interval, Outcome, decide, estimate
from dirgrad.core.errors import UserError
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, ESTIMATORS
from support.quantity_tables import ratio_with_interval
from support.training_quantities import FORWARD_CELL

ABOVE_ONE = Interval(low=1.0, strict=True)
BELOW_ONE = Interval(high=1.0, strict=True)
MORE_STEPS = CLAIMS["more_steps_than_backprop"]


def steps_evidence(values: str) -> Evidence:
    """Return the evidence about steps relative to backprop, for raw values given as a cell."""
    name = "steps_over_backprop"
    no_mean = dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
    row = FORWARD_CELL | no_mean | {f"{name}_values": values, "n": 5, "n_reached": 0}
    (evidence,) = MORE_STEPS.quantity.evidence({"targets": pd.DataFrame([row])}, ESTIMATORS)
    return evidence


@pytest.mark.parametrize(
    ("values", "above", "below"),
    [
        ("0:40..inf 1:45..inf 2:42..inf 3:41..inf 4:44..inf", Outcome.HOLDS, Outcome.FAILS),
        ("0:0.1..inf 1:0.2..inf 2:0.1..inf 3:0.3..inf 4:0.2..inf", Outcome.OPEN, Outcome.OPEN),
        ("0:2..9 1:3..9 2:2..8 3:3..8 4:2..7", Outcome.HOLDS, Outcome.FAILS),
        ("0:0.5..9 1:0.6..9 2:0.5..8 3:0.4..8 4:0.5..7", Outcome.OPEN, Outcome.OPEN),
    ],
)
def test_a_bound_shows_no_more_than_it_excludes(
    values: str, above: Outcome, below: Outcome
) -> None:
    evidence = steps_evidence(values)
    (decided_above,) = decide([evidence], ABOVE_ONE, 0.95)
    (decided_below,) = decide([evidence], BELOW_ONE, 0.95)
    assert decided_above.outcome is above
    assert decided_below.outcome is below
    assert estimate(evidence, 0.95).at_least is ("inf" in values)


def test_one_trial_that_missed_its_target_leaves_only_a_lower_bound() -> None:
    evidence = steps_evidence("0:0.1 1:0.2 2:0.1 3:0.2 4:0.1..inf")
    (decided,) = decide([evidence], BELOW_ONE, 0.95)
    assert decided.outcome is Outcome.OPEN


def test_ratios_are_paired_by_seed_and_values_without_a_partner_are_counted() -> None:
    name = "approximate_gradients_beat_random_directions"
    targets = CLAIM_TABLES[name].make(0.5, 0.1, 6)["targets"]
    column = "valid_loss_values"
    # Losses differ much between seeds, but the ratio within a seed is 0.5.
    cells = {"directional_diagonal": "1:1 2:8 3:64 9:5", "directional_random": "3:128 1:2 2:16"}
    targets[column] = targets["estimator"].map(cells)
    (evidence,) = CLAIMS[name].quantity.evidence({"targets": targets}, ESTIMATORS)
    np.testing.assert_allclose(evidence.samples.low, 0.5)
    assert evidence.samples.keys.tolist() == [1, 2, 3]
    assert evidence.n_unpaired == 1


def test_two_rows_without_a_common_seed_are_an_error_with_both_ranges() -> None:
    name = "approximate_gradients_beat_random_directions"
    targets = CLAIM_TABLES[name].make(0.5, 0.1, 6)["targets"]
    cells = {"directional_diagonal": "1:1 2:8", "directional_random": "3:128 5:2"}
    targets["valid_loss_values"] = targets["estimator"].map(cells)
    message = "no values can be paired at .*: one row has the seeds or rounds 1 to 2, .* 3 to 5"
    with pytest.raises(UserError, match=message):
        list(CLAIMS[name].quantity.evidence({"targets": targets}, ESTIMATORS))


def test_a_claim_reads_only_the_rows_of_the_estimators_that_it_selects() -> None:
    shared = FORWARD_CELL | {"n": 5, "n_reached": 5}
    row = shared | ratio_with_interval("steps_over_backprop", 2.0, 0.1, 5)
    names = ["forward_gradient_k8", "forward_gradient_rank_one", "unknown"]
    targets = pd.DataFrame([row | {"estimator": name} for name in names])
    quantity = CLAIMS["more_steps_than_backprop"].quantity
    selected = list(quantity.evidence({"targets": targets}, ESTIMATORS))
    assert [evidence.facets["estimator"] for evidence in selected] == ["forward_gradient_rank_one"]


def test_the_evidence_of_a_fitted_power_states_its_lack_of_fit() -> None:
    name = "thresholding_needs_k_directions"
    scaling = CLAIM_TABLES[name].make(0.2, 0.05, 20)["scaling"].assign(lack_of_fit=0.03)
    (evidence,) = CLAIMS[name].quantity.evidence({"scaling": scaling}, ESTIMATORS)
    assert evidence.lack_of_fit == 0.03
