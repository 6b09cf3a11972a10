"""Trials of an estimator: their learning rates and seeds, initial values, minibatches and data.

The initial values and the minibatches of a trial depend only on its seed. They do not depend on
the estimator, the framework or the other lanes, so trials of one seed are paired.
"""

from typing import NamedTuple

import numpy as np

from dirgrad.config.rates import Tuning
from dirgrad.config.settings import Run, Training
from dirgrad.core import steps
from dirgrad.core.errors import UserError
from dirgrad.core.types import Backend, Estimator, Params, Problem, Splits, State, Trial
from dirgrad.records.schemas import Stage

NO_DATA = Splits((), (), ())
"""Splits of a problem without data."""


class Lane(NamedTuple):
    """One trial of an estimator."""

    learning_rate: float
    seed: int
    stage: Stage = Stage.FINAL


def search_trials(training: Training) -> list[Lane]:
    """Return the trials with which every estimator starts.

    They are the trials of the learning-rate search if there is one, else all trials.
    """
    tuning = training.tuning
    if tuning is None:
        rates = training.learning_rates or ()
        seeds = range(training.seeds)
        return [Lane(rate, seed) for rate in rates for seed in seeds]
    return [lane for rate in tuning.rates for lane in trials_at_rate(tuning, rate)]


def trials_at_rate(tuning: Tuning, rate: float) -> list[Lane]:
    """Return the trials of a search at one learning rate."""
    return [Lane(rate, seed, Stage.TUNING) for seed in range(tuning.seeds)]


def final_trials(training: Training, rate: float) -> list[Lane]:
    """Return the trials of an estimator at the rate of its search, with seeds new to the search."""
    first = training.tuning.seeds if training.tuning else 0
    seeds = range(first, first + training.seeds)
    return [Lane(rate, seed) for seed in seeds]


def groups(training: Training, lanes: list[Lane]) -> list[list[Lane]]:
    """Split the trials of one estimator into groups that are vmapped together."""
    size = len(lanes) if training.lanes == "all" else training.lanes
    starts = range(0, len(lanes), size)
    return [lanes[start : start + size] for start in starts]


def load_splits(problem: Problem, run: Run) -> Splits:
    """Load the data set of a problem in the precision of the run.

    Every part is () for a problem without data.

    Raises:
        UserError: the data set is not available.
    """
    if problem.dataset is None:
        return NO_DATA
    splits = problem.dataset.load(run.data_directory)
    return Splits(
        _cast(splits.train, run.precision),
        _cast(splits.valid, run.precision),
        _cast(splits.test, run.precision),
    )


def _cast(arrays: tuple[np.ndarray, ...], precision: str) -> tuple[np.ndarray, ...]:
    """Convert the images to the precision of the run; labels stay integers."""
    cast = []
    for array in arrays:
        is_float = array.dtype.kind == "f"
        cast.append(array.astype(precision) if is_float else array)
    return tuple(cast)


def initial_params(problem: Problem, seed: int, precision: str) -> dict[str, np.ndarray]:
    """Return the initial parameters of the trials of this seed."""
    rng = np.random.default_rng([seed, 0])
    params = problem.init(rng)
    return {name: leaf.astype(precision) for name, leaf in params.items()}


def minibatch_rows(seed: int, steps: int, examples: int, batch: int) -> np.ndarray:
    """Draw the rows of every minibatch, without replacement within an epoch: (steps, batch) int32.

    The shape is (steps, 0) for a problem without data. An epoch has examples // batch minibatches.

    Args:
        seed: seed of the trial.
        steps: number of minibatches.
        examples: number of training examples, 0 for a problem without data.
        batch: number of examples of a minibatch.

    Raises:
        UserError: a minibatch is larger than the training set.
    """
    if not examples:
        return np.zeros((steps, 0), np.int32)
    if batch > examples:
        raise UserError(
            f"the batch size {batch} is more than the {examples} training examples: "
            f"use at most {examples}"
        )
    rng = np.random.default_rng([seed, 1])
    steps_per_epoch = examples // batch
    num_epochs = -(-steps // steps_per_epoch)
    used = steps_per_epoch * batch
    epochs = [rng.permutation(examples)[:used] for _ in range(num_epochs)]
    rows = np.concatenate(epochs).astype(np.int32)
    minibatches = rows.reshape(-1, batch)
    return minibatches[:steps]


def lane_rows(training: Training, examples: int, lanes: list[Lane]) -> np.ndarray:
    """Draw the minibatch rows of every lane: (lanes, steps, batch) int32."""
    rows: dict[int, np.ndarray] = {}
    for seed in {lane.seed for lane in lanes}:
        rows[seed] = minibatch_rows(seed, training.steps, examples, training.batch_size)
    return np.stack([rows[lane.seed] for lane in lanes])


def initial_state(
    training: Training,
    estimator: Estimator,
    backend: Backend,
    precision: str,
    lanes: list[Lane],
) -> tuple[State, Trial]:
    """Return the initial state and the trials; the first axis of every leaf is the lanes.

    Args:
        training: the problem and its training.
        estimator: the estimator.
        backend: the framework.
        precision: dtype of the parameters and of the learning rates.
        lanes: the trials to train together.
    """
    ops, engine = backend.ops, backend.engine

    def init(params: Params) -> State:
        return steps.initial_state(ops, estimator, training.optimizer, params)

    init_lanes = engine.vmap_trials(init, (), len(lanes))
    state: State = init_lanes(_stacked_params(training.problem, backend, precision, lanes))
    rates = np.array([lane.learning_rate for lane in lanes], precision)
    seeds = np.array([lane.seed for lane in lanes])
    return state, Trial(engine.keys(seeds), ops.asarray(rates))


def _stacked_params(
    problem: Problem, backend: Backend, precision: str, lanes: list[Lane]
) -> Params:
    """Return the initial parameters of all lanes, each leaf (lanes, ...)."""
    starts = [initial_params(problem, lane.seed, precision) for lane in lanes]
    params: Params = {}
    for name in starts[0]:
        leaf = np.stack([start[name] for start in starts])
        params[name] = backend.ops.asarray(leaf)
    return params
