"""One rule chooses the best learning rate, for the search of a training and for the tables."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirgrad.analysis.intervals import inter_quartile_mean
from dirgrad.analysis.tables.best import best_rates
from dirgrad.records.best_rate import best_rate, middle_mean
from dirgrad.records.schemas import TrialStatus
from support.hand_made_records import trial_records

NAN, INF = float("nan"), float("inf")
Row = dict[str, Any]


def at_rate(rate: float, *losses: float, **columns: Any) -> list[Row]:
    """Return a row per final loss at a learning rate; the trials are ok by default."""
    shared = {"learning_rate": rate, "status": TrialStatus.OK}
    return [shared | {"final_loss": loss} | columns for loss in losses]


CASES = {
    "lowest loss": ([*at_rate(0.1, 3.0), *at_rate(0.2, 1.0), *at_rate(0.3, 2.0)], 0.2),
    "validation before training": (
        [*at_rate(0.1, 3.0, valid_loss=1.0), *at_rate(0.2, 1.0, valid_loss=2.0)],
        0.1,
    ),
    "failed trial at the lowest loss": (
        [
            *at_rate(0.1, 3.0, 3.0),
            *at_rate(0.2, 1.0),
            *at_rate(0.2, 1.0, status=TrialStatus.DIVERGED),
        ],
        0.1,
    ),
    # The plain means are 2.8 and 3.0.
    "an outlier of five seeds": (
        [*at_rate(0.1, 3.0, 3.0, 3.0, 3.0, 2.0), *at_rate(0.2, 1.0, 1.0, 1.0, 1.0, 11.0)],
        0.2,
    ),
    "plain mean of two seeds": ([*at_rate(0.1, 1.0, 6.0), *at_rate(0.2, 3.0, 3.0)], 0.2),
    "lower one of equal rates": ([*at_rate(0.2, 1.0), *at_rate(0.1, 1.0)], 0.1),
    "validation loss that is infinite": (
        [*at_rate(0.1, 3.0, valid_loss=4.0), *at_rate(0.2, 1.0, valid_loss=INF)],
        0.1,
    ),
    "validation loss that is not a number": (
        [*at_rate(0.1, 3.0, valid_loss=4.0), *at_rate(0.2, 1.0, valid_loss=NAN)],
        0.1,
    ),
    "all failed": (at_rate(0.1, 3.0, status=TrialStatus.TIMEOUT), None),
    "no trial": ([], None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_best_rate_has_no_failed_trial_and_the_lowest_loss(name: str) -> None:
    trials, best = CASES[name]
    assert best_rate(trials) == best


@pytest.mark.parametrize("name", [name for name in CASES if name != "no trial"])
def test_tables_choose_among_final_trials_by_the_same_rule(name: str) -> None:
    trials, best = CASES[name]
    # The columns of TRIAL have a validation loss, also for trials without validation data.
    rows = [{"valid_loss": None, "seed": seed} | trial for seed, trial in enumerate(trials)]
    search = [row | {"stage": "tuning", "learning_rate": 9.0, "valid_loss": 0.0} for row in rows]
    chosen = best_rates(trial_records(*rows, *search))
    assert chosen["learning_rate"].tolist() == ([] if best is None else [best])
    assert set(chosen["stage"]) <= {"final"}


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30))
def test_the_mean_of_the_middle_half_is_the_inter_quartile_mean_of_the_tables(
    values: list[float],
) -> None:
    expected = float(inter_quartile_mean(np.array(values)))
    assert middle_mean(values) == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_best_rates_join_with_tables_without_any_best_rate() -> None:
    trials = trial_records({"status": "diverged", "valid_loss": NAN, "final_loss": NAN})
    joined = trials.merge(best_rates(trials), on=["experiment", "stage", "learning_rate"])
    assert isinstance(joined, pd.DataFrame)
    assert joined.empty
