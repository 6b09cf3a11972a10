"""A trial that diverges or times out bounds a value, and no table or verdict leaves it out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.evidence.quantities import Ratio, Value
from dirgrad.analysis.samples import format_samples
from dirgrad.analysis.tables import equal_loss, final, targets
from dirgrad.analysis.tables.failed_trials import values_by_seed
from dirgrad.analysis.verdicts import Evidence, Interval, Outcome, decide
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core.types import Estimator
from support.hand_made_descents import FAST_DESCENT, SLOW_DESCENT, Descent, descent, descent_records
from support.hand_made_records import QUICK, TRIAL, Records

SEEDS = range(6)
ESTIMATORS: dict[str, Estimator] = {
    "backprop": Backprop(),
    "forward_gradient": ForwardGradient(direction=Gaussian()),
}
LOST: dict[str, Any] = {"status": "diverged", "final_loss": np.nan, "valid_loss": np.nan}
LOST |= {"steps": 20, "evaluations": 40}


def records(*failures: int, factor: float = 1.0, **lost: Any) -> Records:
    """Return six seeds of two estimators; trials of the forward gradient with these seeds failed.

    The losses of the forward gradient have the factor.
    """
    trials: list[Descent] = []
    for seed in SEEDS:
        trials.append(descent("backprop", seed, [loss + seed / 100 for loss in FAST_DESCENT], 1.0))
        slow = [factor * loss + seed / 50 for loss in SLOW_DESCENT]
        failed = LOST | lost if seed in failures else {}
        forward = descent("forward_gradient", seed, slow, 2.0, **failed)
        points = forward.points[:2] if failed else forward.points
        trials.append(Descent(forward.trial, points))
    return descent_records(*trials)


def places(table: str, rows: pd.DataFrame, column: str) -> list[Evidence]:
    """Return the ratios of a column with the forward gradient over the column with backprop."""
    sides = {"over": {"kind": "forward_gradient"}, "under": {"kind": "backprop"}}
    quantity = Ratio.model_validate({"kind": "ratio", "table": table, "of": column, **sides})
    return list(quantity.evidence({table: rows}, ESTIMATORS))


def test_the_loss_of_a_diverged_trial_is_its_highest_loss_or_more() -> None:
    rows = [
        {"seed": 0, "status": "ok", "final_loss": 2.0, "train_accuracy": 0.5},
        {"seed": 1, "status": "diverged", "final_loss": 3e6, "train_accuracy": 0.1},
        {"seed": 2, "status": "diverged", "final_loss": np.nan, "train_accuracy": np.nan},
        {"seed": 3, "status": "timeout", "final_loss": 4.0, "train_accuracy": 0.3},
    ]
    trials = pd.DataFrame(rows)
    loss = format_samples(values_by_seed(trials, "final_loss"))
    assert loss == "0:2 1:3000000..inf 2:-inf..inf 3:-inf..inf"
    recorded = trials.assign(highest_final_loss=[5.0, 3e6, 7.0, 8.0])
    loss = format_samples(values_by_seed(recorded, "final_loss"))
    assert loss == "0:2 1:3000000..inf 2:7..inf 3:-inf..inf"
    accuracy = format_samples(values_by_seed(trials, "train_accuracy"))
    assert accuracy == "0:0.5 1:-inf..inf 2:-inf..inf 3:-inf..inf"


def test_an_estimator_with_a_diverged_trial_misses_its_target_there() -> None:
    table = targets.make(records(2), QUICK).set_index("estimator")
    row = table.loc["forward_gradient"]
    assert (row["n"], row["n_reached"]) == (6, 5)
    assert "2:10..inf" in row["steps_to_target_values"].split()
    assert "2:4.04..inf" in row["valid_loss_values"].split()
    assert np.isnan(row["valid_loss"])
    assert np.isnan(row["steps_to_target_to"])
    assert (table.loc["backprop", ["n", "n_reached"]] == 6).all()


def test_a_trial_that_never_started_has_no_bound() -> None:
    hand_made = records(2, status="timeout", steps=0, evaluations=0)
    curves = hand_made["curves"]
    started = (curves["seed"] != 2) | (curves["estimator"] == "backprop")
    table = targets.make(hand_made | {"curves": curves[started]}, QUICK).set_index("estimator")
    row = table.loc["forward_gradient"]
    assert (row["n"], row["n_reached"]) == (6, 5)
    assert "2:0..inf" in row["evaluations_to_target_values"].split()
    assert "2:-inf..inf" in row["valid_loss_values"].split()


def test_without_a_best_rate_the_rate_with_the_fewest_failures_is_shown() -> None:
    trials = [
        descent("backprop", seed, FAST_DESCENT, 1.0, learning_rate=rate, status=status)
        for rate, failures in ((0.1, 2), (0.2, 1), (0.3, 1))
        for seed in SEEDS
        for status in ["diverged" if seed < failures else "ok"]
    ]
    (row,) = targets.make(descent_records(*trials), QUICK).to_dict("records")
    assert (row["learning_rate"], row["n"]) == (0.2, 6)


@pytest.mark.parametrize("table", ["targets", "final"])
@pytest.mark.parametrize(
    ("failures", "factor", "below", "above"),
    [
        ((), 0.1, Outcome.HOLDS, Outcome.FAILS),
        ((2,), 0.1, Outcome.OPEN, Outcome.OPEN),
        ((2, 4), 0.1, Outcome.OPEN, Outcome.OPEN),
    ],
)
def test_survivors_do_not_decide_that_a_loss_is_lower(
    table: str, failures: tuple[int, ...], factor: float, below: Outcome, above: Outcome
) -> None:
    make = {"targets": targets.make, "final": final.make}[table]
    rows = make(records(*failures, factor=factor, final_loss=3e6), QUICK)
    (evidence,) = places(table, rows, "final_loss")
    assert evidence.samples.n == len(SEEDS)
    assert decide([evidence], Interval(high=1.0), 0.95)[0].outcome is below
    assert decide([evidence], Interval(low=1.0), 0.95)[0].outcome is above


def test_a_diverged_trial_counts_for_a_higher_loss() -> None:
    rows = targets.make(records(0, factor=3.0), QUICK)
    (evidence,) = places("targets", rows, "valid_loss")
    assert decide([evidence], Interval(low=1.0), 0.95)[0].outcome is Outcome.HOLDS
    value = Value.model_validate({"kind": "value", "table": "targets", "of": "valid_loss"})
    lone = list(value.evidence({"targets": rows}, ESTIMATORS))
    assert [place.samples.n for place in lone] == [6, 6]


def test_seeds_without_a_time_on_both_sides_are_counted() -> None:
    timed = {"batch_size": 8, "lanes": 1, "threads": 1, "step_seconds": 0.5}
    rows = [
        TRIAL | timed | {"estimator": name, "estimator_kind": name, "seed": seed, "status": status}
        for name in ESTIMATORS
        for seed in SEEDS
        for status in ["diverged" if seed in (1, 4) else "ok"]
    ]
    trials = {"trials": pd.DataFrame(rows).assign(support_recovered=np.nan)}
    (evidence,) = places("final", final.make(trials, QUICK), "step_seconds")
    assert evidence.samples.keys.tolist() == [0, 2, 3, 5]
    assert evidence.n_unpaired == 4


def test_an_accuracy_at_equal_loss_has_no_bound_where_a_trial_failed() -> None:
    (row,) = equal_loss.make(records(1, 4), QUICK).to_dict("records")
    values = row["difference_values"].split()
    assert row["n"] == len(values) == len(SEEDS)
    assert [value for value in values if "inf" in value] == ["1:-inf..inf", "4:-inf..inf"]
    assert np.isnan(row["difference"])


def test_accuracies_at_equal_loss_belong_to_a_rate_without_a_failure() -> None:
    safe = [descent("backprop", seed, FAST_DESCENT, 1.0) for seed in SEEDS]
    for rate, losses in ((0.1, SLOW_DESCENT), (0.2, FAST_DESCENT)):
        for seed in SEEDS:
            lost = {"status": "diverged"} if (rate, seed) == (0.2, 3) else {}
            safe.append(descent("forward_gradient", seed, losses, 2.0, learning_rate=rate, **lost))
    (row,) = equal_loss.make(descent_records(*safe), QUICK).to_dict("records")
    # At the rate 0.1 the forward gradient ends at 1; at 0.2 it would end at 0.5.
    assert (row["n"], row["equal_loss"]) == (6, 1.0)
