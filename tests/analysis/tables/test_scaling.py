"""The table `scaling` fits how the evaluations to a target grow, and says where it cannot."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dirgrad.analysis import samples
from dirgrad.analysis.tables import scaling
from dirgrad.analysis.tables.scaling import Efforts
from dirgrad.core import theory
from support.confidence import FALSE_ALARM
from support.hand_made_descents import descent_records
from support.hand_made_records import QUICK, Records
from support.hand_made_sweeps import DIMENSIONS, SEEDS, growing, trial


def the_row(records: Records) -> dict[str, Any]:
    """Return the only row of the table."""
    (row,) = scaling.make(records, QUICK).to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_the_slope_is_the_mean_of_the_exponents_of_the_seeds() -> None:
    row = the_row(descent_records(*growing().values()))
    assert (row["abscissa"], row["points"]) == ("dimension", 3)
    assert (row["lowest"], row["highest"]) == (10, 90)
    assert (row["n"], row["n_trials"], row["n_reached"]) == (3, 9, 9)
    slopes = samples.parse_samples(row["slope_values"])
    assert slopes.keys.tolist() == [*SEEDS]
    assert slopes.is_exact
    np.testing.assert_allclose(slopes.low, 0.5, atol=2e-3)
    # The inter-quartile mean of three values keeps all of them.
    assert row["slope"] == pytest.approx(slopes.low.mean())
    assert row["last_slope"] == pytest.approx(0.5, abs=2e-3)
    assert row["curvature"] == pytest.approx(0.0, abs=2e-3)


def test_the_slope_of_a_seed_pairs_the_trials_of_that_seed() -> None:
    trials = growing()
    trials[10, 1] = trial(10, 1, evaluations=31)
    slopes = samples.parse_samples(the_row(descent_records(*trials.values()))["slope_values"])
    logs = np.log([31, round(101 * 40**0.5), round(101 * 90**0.5)])
    expected = np.polyfit(np.log(DIMENSIONS), logs, 1)[0]
    np.testing.assert_allclose(slopes.low, [0.5, expected, 0.5], atol=2e-3)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_trial_that_misses_the_target_bounds_the_power_on_one_side(dimension: int) -> None:
    trials = growing()
    evaluations = int(trials[dimension, 1].trial["evaluations"])
    trials[dimension, 1] = trial(dimension, 1, evaluations, final_loss=2.6)
    row = the_row(descent_records(*trials.values()))
    assert (row["n"], row["n_reached"]) == (3, 8)
    assert np.isnan([row["slope"], row["lack_of_fit"]]).all()
    slopes = samples.parse_samples(row["slope_values"])
    # Only log 10 is below the mean of the logarithms of 10, 40 and 90.
    is_low = dimension == 10
    assert np.isinf(slopes.low).tolist() == [False, is_low, False]
    assert np.isinf(slopes.high).tolist() == [False, not is_low, False]
    finite = slopes.high[1] if is_low else slopes.low[1]
    assert finite == pytest.approx(0.5, abs=2e-3)
    assert np.isnan(row["slope_from"]) == is_low
    assert np.isnan(row["slope_to"]) == (not is_low)


def test_a_power_without_a_bound_is_null_and_its_trials_are_counted() -> None:
    trials = growing()
    for dimension in (10, 90):
        trials[dimension, 1] = trial(dimension, 1, 2000, final_loss=2.6)
    row = the_row(descent_records(*trials.values()))
    assert (row["n_trials"], row["n_reached"]) == (9, 7)
    assert pd.isna(row["slope_values"])
    # The power between 40 and 90 still has a lower bound.
    last = samples.parse_samples(row["last_slope_values"])
    assert np.isfinite(last.low).all()
    assert last.high[1] == np.inf


def test_a_seed_without_a_trial_at_every_abscissa_is_counted_and_left_out() -> None:
    trials = growing()
    del trials[40, 2]
    row = the_row(descent_records(*trials.values()))
    assert (row["n"], row["n_incomplete"]) == (2, 1)
    assert samples.parse_samples(row["slope_values"]).keys.tolist() == [0, 1]


def test_one_complete_seed_has_a_power_and_without_any_there_is_a_reason() -> None:
    trials = growing()
    del trials[40, 1], trials[40, 2]
    row = the_row(descent_records(*trials.values()))
    assert (row["n"], row["n_incomplete"]) == (1, 2)
    assert row["slope"] == pytest.approx(0.5, abs=2e-3)
    del trials[10, 0]
    row = the_row(descent_records(*trials.values()))
    assert row["reason"] == "no seed has a trial at every dimension"
    assert row["n"] == 0


def test_an_abscissa_at_which_every_rate_failed_leaves_a_row_with_the_reason() -> None:
    trials = growing()
    trials[90, 1].trial["status"] = "diverged"
    row = the_row(descent_records(*trials.values()))
    assert row["reason"] == "every rate has a failed trial at dimension 90"
    assert (row["points"], row["highest"]) == (3, 90)
    assert pd.isna(row["slope_values"])


def test_two_experiments_at_one_abscissa_leave_a_row_with_the_reason() -> None:
    again = [trial(40, seed, 700, experiment="again") for seed in SEEDS]
    row = the_row(descent_records(*growing().values(), *again))
    assert row["reason"] == "growth_40 sphere and again sphere have the same dimension 40"
    assert pd.isna(row["slope_values"])


def test_a_row_needs_three_dimensions_of_one_family() -> None:
    records = descent_records(*growing().values())
    trials = records["trials"]
    two_dimensions = trials[trials["dimension"] < DIMENSIONS[-1]]
    assert scaling.make(records | {"trials": two_dimensions}, QUICK).empty
    # With another optimizer, the trials of one dimension belong to another family.
    trials.loc[trials["dimension"] == 10, "optimizer"] = "adam"
    assert scaling.make(records, QUICK).empty


def test_trials_that_keep_different_numbers_are_no_family_by_dimension() -> None:
    trials = growing(nonzeros=2, keep=4)
    assert len(scaling.make(descent_records(*trials.values()), QUICK)) == 1
    for seed in SEEDS:
        trials[90, seed].trial["keep"] = 8
    assert scaling.make(descent_records(*trials.values()), QUICK).empty


@pytest.mark.parametrize("abscissa", ["nonzeros", "num_directions", "support"])
def test_a_family_may_differ_in_any_abscissa(abscissa: str) -> None:
    # In a sweep over the nonzeros, the number of kept parameters grows with them.
    is_of_problem = abscissa == "nonzeros"
    trials = [
        trial(
            1000,
            seed,
            100 * x,
            experiment=f"x_{x}",
            **{"support": 7, "nonzeros": 4, "keep": 2 * x if is_of_problem else 8, abscissa: x},
        )
        for x in (2, 4, 8)
        for seed in SEEDS
    ]
    row = the_row(descent_records(*trials))
    assert (row["abscissa"], row["lowest"], row["highest"]) == (abscissa, 2, 8)
    assert row["slope"] == pytest.approx(1.0)
    assert row["dimension"] == 1000
    assert pd.isna(row[abscissa])
    assert (row["estimator"] == "sphere") == is_of_problem


def test_the_theoretical_power_is_the_slope_of_the_closed_form() -> None:
    trials = growing(
        nonzeros=1, keep=2, direction="random_support", support=4, num_directions=3
    ).values()
    row = the_row(descent_records(*trials))
    scales = [
        theory.evaluations_scale(3, theory.mean_square_on_part(4, 5, d, share=1.0))
        for d in DIMENSIONS
    ]
    logs = np.log(scales)
    assert row["slope_theory"] == pytest.approx(np.polyfit(np.log(DIMENSIONS), logs, 1)[0])
    assert row["last_slope_theory"] == pytest.approx((logs[2] - logs[1]) / np.log(90 / 40))


@given(
    st.lists(st.floats(1, 1e4), min_size=3, max_size=6, unique_by=round).map(sorted),
    st.floats(-2, 2),
    st.floats(-1, 1),
)
def test_the_weights_recover_the_coefficients_of_a_parabola(
    x: list[float], power: float, curvature: float
) -> None:
    log_x = np.log(x) - np.log(x).mean()
    weights = scaling.power_weights(np.array(x))
    line, parabola = power * log_x, power * log_x + curvature * log_x**2
    assert weights["slope"] @ (1 + line) == pytest.approx(power, abs=1e-6)
    assert weights["last_slope"] @ (1 + line) == pytest.approx(power, abs=1e-6)
    assert weights["curvature"] @ (1 + parabola) == pytest.approx(curvature, abs=1e-4)


def exact_efforts(logs: np.ndarray, x: np.ndarray) -> Efforts:
    """Return efforts with these logarithms, (n, m)."""
    return Efforts(np.arange(len(logs)), x, np.exp(logs), np.exp(logs))


def test_the_p_value_of_the_lack_of_fit_is_uniform_on_a_line() -> None:
    rng = np.random.default_rng(0)
    x = np.array([1.0, 3.0, 10.0, 20.0, 50.0])
    # Trials of one seed share an error, and the errors grow with x.
    shared = rng.normal(0, 0.5, (1000, 8, 1))
    errors = shared + rng.normal(0, 0.1 * np.sqrt(x), (1000, 8, 5))
    p_values = [scaling.lack_of_fit(exact_efforts(0.7 * np.log(x) + e, x)) for e in errors]
    assert stats.kstest(p_values, "uniform").pvalue > FALSE_ALARM


def test_the_lack_of_fit_of_three_points_is_the_t_test_of_the_curvature() -> None:
    rng = np.random.default_rng(1)
    x = np.array([10.0, 40.0, 90.0])
    efforts = exact_efforts(rng.normal(0, 0.1, (6, 3)) + 0.05 * np.log(x) ** 2, x)
    curvature = scaling.weighted_sum(efforts, scaling.power_weights(x)["curvature"]).low
    expected = stats.ttest_1samp(curvature, 0).pvalue
    assert scaling.lack_of_fit(efforts) == pytest.approx(expected)


def test_a_bent_line_has_a_small_p_value() -> None:
    rng = np.random.default_rng(2)
    x = np.array([1.0, 3.0, 10.0, 30.0])
    bent = np.maximum(0.0, np.log(x / 5)) + rng.normal(0, 0.1, (20, 4))
    assert scaling.lack_of_fit(exact_efforts(bent, x)) < 1e-6


def test_few_seeds_or_no_spread_have_no_p_value() -> None:
    x = np.array([1.0, 3.0, 10.0, 30.0])
    assert np.isnan(scaling.lack_of_fit(exact_efforts(np.ones((2, 4)), x)))
    assert np.isnan(scaling.lack_of_fit(exact_efforts(np.ones((9, 4)), x)))
