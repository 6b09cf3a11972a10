"""The table `steps_by_dimension` compares with backprop's trials of another experiment."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis import samples
from dirgrad.analysis.tables import steps_by_dimension
from support.confidence import z_bound
from support.hand_made_descents import Descent, descent_records
from support.hand_made_records import QUICK
from support.hand_made_sweeps import SEEDS, trial

FORWARD = {"estimator": "forward_gradient_k4", "direction": "gaussian", "num_directions": 4}
BACKPROP = {"estimator": "backprop", "estimator_kind": "backprop", "direction": None}


def descents(dimension: int, steps: int, **columns: Any) -> list[Descent]:
    """Return a trial per seed that takes `steps` + seed steps to the target."""
    estimator = columns.pop("estimator")
    named = []
    for seed in SEEDS:
        descending = trial(dimension, seed, steps + seed, **columns)
        names = {"estimator": estimator}
        points = [point | names for point in descending.points]
        named.append(Descent(descending.trial | names, points))
    return named


def table(*trials: Descent) -> pd.DataFrame:
    return steps_by_dimension.make(descent_records(*trials), QUICK)


def by_backprop(dimension: int, steps: int, name: str = "alone") -> list[Descent]:
    return descents(dimension, steps, experiment=f"{name}_{dimension}", **BACKPROP)


def test_steps_are_divided_by_those_of_backprop_with_the_same_seed_and_dimension() -> None:
    rows = table(
        *descents(10, 60, **FORWARD),
        *descents(40, 200, **FORWARD),
        *by_backprop(10, 20),
        *by_backprop(40, 25),
    ).set_index("dimension")
    assert rows.index.to_list() == [10, 40]
    ratios = samples.parse_samples(rows.loc[40, "steps_over_backprop_values"])
    assert ratios.low == pytest.approx([(200 + seed) / (25 + seed) for seed in SEEDS])
    assert rows["n"].to_list() == [3, 3]
    # (d + K + 1)/K
    assert rows["steps_over_backprop_theory"].to_list() == [15 / 4, 45 / 4]


def test_a_trial_that_misses_the_target_gives_a_lower_bound() -> None:
    trials = descents(10, 60, **FORWARD)[1:]
    trials += descents(10, 60, final_loss=2.6, **FORWARD)[:1]
    rows = table(*trials, *by_backprop(10, 20))
    assert (rows.loc[0, "n"], rows.loc[0, "n_reached"]) == (3, 2)
    assert np.isnan(rows.loc[0, "steps_over_backprop"])
    assert rows.loc[0, "steps_over_backprop_from"] > 2.5


def test_without_exactly_one_experiment_by_backprop_there_is_no_row() -> None:
    forward = descents(10, 60, **FORWARD)
    assert table(*forward).empty
    assert table(*forward, *by_backprop(40, 20)).empty
    assert table(*forward, *by_backprop(10, 20), *by_backprop(10, 30, "again")).empty


def test_other_laws_have_no_closed_form() -> None:
    forward = descents(10, 60, **FORWARD | {"direction": "sphere"})
    rows = table(*forward, *by_backprop(10, 20))
    assert rows["steps_over_backprop_theory"].isna().all()


def test_the_best_step_of_backprop_lowers_an_isotropic_loss_by_the_declared_factor_more() -> None:
    """The expected loss is a parabola in the rate, with the mean square of drawn estimates."""
    dimension, directions = 6, 3
    rng = np.random.default_rng(2)
    gradient = rng.standard_normal(dimension)
    v = rng.standard_normal((200_000, directions, dimension))
    estimates = np.einsum("nk,nki->ni", v @ gradient, v) / directions
    # With E[e] = g and curvature 1, the loss falls by r ||g||^2 - r^2 E||e||^2 / 2 at the rate r.
    # That is at most ||g||^4 / (2 E||e||^2), and ||g||^2 / 2 with backprop.
    squares = (estimates**2).sum(axis=1) / (gradient @ gradient)
    expected = steps_by_dimension.isotropic_progress_ratio(dimension, directions)
    assert abs(squares.mean() - expected) < z_bound(1) * squares.std() / np.sqrt(len(v))
    assert steps_by_dimension.isotropic_progress_ratio(dimension, 1) == dimension + 2
