"""The rates, seeds, minibatches, initial values and data of trials follow from their training."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.config.plan import Job
from dirgrad.core.errors import UserError
from dirgrad.core.types import Splits
from dirgrad.runs.training import trials
from dirgrad.runs.training.trials import Lane
from support.small_trainings import job_with_three_record_points

MLP = {"kind": "mlp", "dataset": "digits"}

TUNING = {"lowest": 0.01, "highest": 1.0, "per_decade": 2, "seeds": 2}

EXAMPLES_AND_BATCH_SIZES = st.integers(1, 30).flatmap(
    lambda examples: st.tuples(st.just(examples), st.integers(1, examples))
)


@pytest.mark.parametrize(("lanes", "sizes"), [("all", [6]), (1, [1] * 6), (4, [4, 2]), (9, [6])])
def test_the_groups_contain_every_rate_with_every_seed(lanes: Any, sizes: list[int]) -> None:
    training = job_with_three_record_points(seeds=3, lanes=lanes).settings
    groups = trials.groups(training, trials.search_trials(training))
    assert [len(group) for group in groups] == sizes
    assert [lane for group in groups for lane in group] == [
        (rate, seed, "final") for rate in (0.1, 0.2) for seed in range(3)
    ]


def test_tuning_searches_a_logarithmic_grid_and_final_trials_have_new_seeds() -> None:
    training = job_with_three_record_points(learning_rates=None, tuning=TUNING, seeds=3).settings
    search = trials.search_trials(training)
    assert [(lane.learning_rate, lane.seed) for lane in search] == [
        (rate, seed) for rate in (0.01, 0.0316, 0.1, 0.316, 1.0) for seed in (0, 1)
    ]
    assert {lane.stage for lane in search} == {"tuning"}
    final = trials.final_trials(training, 0.1)
    assert final == [Lane(0.1, seed, "final") for seed in (2, 3, 4)]
    assert training.num_trials == len(search) + len(final)


def test_the_number_of_trials_is_known_without_a_search() -> None:
    training = job_with_three_record_points(seeds=3).settings
    assert training.num_trials == len(trials.search_trials(training)) == 6


@given(st.integers(0, 5), st.integers(1, 20), EXAMPLES_AND_BATCH_SIZES)
@settings(max_examples=50, deadline=None)
def test_minibatches_are_drawn_without_replacement_within_an_epoch(
    seed: int, steps: int, sizes: tuple[int, int]
) -> None:
    examples, batch_size = sizes
    rows = trials.minibatch_rows(seed, steps, examples, batch_size)
    assert rows.shape == (steps, batch_size)
    assert rows.dtype == np.int32
    assert set(rows.ravel()) <= set(range(examples))
    steps_per_epoch = examples // batch_size
    for first in range(0, steps, steps_per_epoch):
        epoch = rows[first : first + steps_per_epoch].ravel()
        assert len(set(epoch)) == len(epoch)


@given(st.integers(0, 5), st.integers(1, 20), st.integers(1, 20), EXAMPLES_AND_BATCH_SIZES)
@settings(max_examples=50, deadline=None)
def test_minibatches_do_not_depend_on_the_number_of_later_steps(
    seed: int, steps: int, later_steps: int, sizes: tuple[int, int]
) -> None:
    rows = trials.minibatch_rows(seed, steps, *sizes)
    longer = trials.minibatch_rows(seed, steps + later_steps, *sizes)
    assert np.array_equal(rows, longer[:steps])


def test_minibatches_depend_on_the_seed_and_differ_between_epochs() -> None:
    rows = trials.minibatch_rows(0, 8, 100, 25)
    rows_of_other_seed = trials.minibatch_rows(1, 8, 100, 25)
    assert not np.array_equal(rows, rows_of_other_seed)
    first_epoch, second_epoch = rows[:4], rows[4:]
    assert not np.array_equal(first_epoch, second_epoch)


def test_minibatches_are_empty_without_data() -> None:
    assert trials.minibatch_rows(0, 7, 0, 64).shape == (7, 0)


def test_lanes_with_equal_seeds_have_equal_minibatches() -> None:
    lanes = [Lane(0.1, 0), Lane(0.1, 1), Lane(0.2, 0)]
    rows = trials.lane_rows(job_with_three_record_points(problem=MLP).settings, 1200, lanes)
    assert rows.shape == (3, 20, 64)
    assert np.array_equal(rows[0], rows[2])
    assert not np.array_equal(rows[0], rows[1])


def test_initial_values_depend_only_on_the_seed() -> None:
    problem = job_with_three_record_points(problem="quadratic").settings.problem
    first, repeated, other = (
        trials.initial_params(problem, seed, "float32")["x"] for seed in (0, 0, 1)
    )
    assert first.dtype == np.float32
    assert np.array_equal(first, repeated)
    assert not np.array_equal(first, other)


def data_of(job: Job) -> Splits:
    return trials.load_splits(job.settings.problem, job.run)


def test_the_splits_of_a_problem_without_data_are_empty() -> None:
    assert data_of(job_with_three_record_points()) == trials.NO_DATA


def test_the_data_have_the_precision_of_the_run() -> None:
    splits = data_of(job_with_three_record_points(problem=MLP))
    assert {images.dtype for images, _ in splits} == {np.dtype("float32")}


def test_a_minibatch_larger_than_the_training_set_is_refused() -> None:
    with pytest.raises(UserError, match="the batch size 9 is more than the 8 training examples"):
        trials.minibatch_rows(0, 2, 8, 9)
