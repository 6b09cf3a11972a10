"""The trials of a cell: which there are, and what each begins with. All of it depends on the seed alone, not on the
estimator, the framework or the neighbours, so that trials of one seed are paired."""

from typing import NamedTuple

import numpy as np

from dirgrad.config.plan import Cell
from dirgrad.config.settings import Run
from dirgrad.core import steps
from dirgrad.core.types import Backend, Problem, Splits, State, Trial
from dirgrad.records.schemas import Stage

NO_DATA = Splits((), (), ())


class Lane(NamedTuple):
    """One trial of an estimator."""

    learning_rate: float
    seed: int
    stage: Stage = Stage.FINAL


def search_trials(cell: Cell) -> list[Lane]:
    """The trials that every estimator begins with: of the search, where there is one."""
    training = cell.training
    if training.tuning is None:
        return [
            Lane(rate, seed)
            for rate in training.learning_rates or ()
            for seed in range(training.seeds)
        ]
    return [
        Lane(rate, seed, Stage.TUNING)
        for rate in training.tuning.rates
        for seed in range(training.tuning.seeds)
    ]


def final_trials(cell: Cell, rate: float) -> list[Lane]:
    """The trials of an estimator at the rate that its search has found: of seeds that the search has not seen."""
    begun = cell.training.tuning.seeds if cell.training.tuning else 0
    return [Lane(rate, begun + seed) for seed in range(cell.training.seeds)]


def groups(cell: Cell, lanes: list[Lane]) -> list[list[Lane]]:
    """Trials of one estimator in groups that advance together."""
    size = len(lanes) if cell.training.lanes == "all" else cell.training.lanes
    return [lanes[begin : begin + size] for begin in range(0, len(lanes), size)]


def total_steps(cell: Cell) -> int:
    """Steps over all trials of all estimators."""
    after = cell.training.seeds if cell.training.tuning else 0
    return cell.training.steps * (len(search_trials(cell)) + after) * len(cell.estimators)


def data(cell: Cell) -> Splits:
    """The data of a cell."""
    return load(cell.training.problem, cell.run)


def load(problem: Problem, run: Run) -> Splits:
    """The data set in the precision of the run; empty parts of a problem that has none. Raises UserError where it cannot be had."""
    if problem.dataset is None:
        return NO_DATA
    splits = problem.dataset.load(run.data_directory)
    return Splits(*(tuple(_cast(array, run.precision) for array in part) for part in splits))


def _cast(array: np.ndarray, precision: str) -> np.ndarray:
    return array.astype(precision) if array.dtype.kind == "f" else array


def initial_params(problem: Problem, seed: int, precision: str) -> dict[str, np.ndarray]:
    """The parameters that a trial of this seed begins with."""
    return {
        name: leaf.astype(precision)
        for name, leaf in problem.init(np.random.default_rng([seed, 0])).items()
    }


def minibatch_rows(seed: int, steps: int, examples: int, batch: int) -> np.ndarray:
    """The rows of every minibatch, without replacement within an epoch: (steps, batch) int32, (steps, 0) without data."""
    if not examples:
        return np.zeros((steps, 0), np.int32)
    rng, per_epoch = np.random.default_rng([seed, 1]), examples // batch
    epochs = (rng.permutation(examples)[: per_epoch * batch] for _ in range(-(-steps // per_epoch)))
    return np.concatenate([*epochs]).astype(np.int32).reshape(-1, batch)[:steps]


def lane_rows(cell: Cell, examples: int, lanes: list[Lane]) -> np.ndarray:
    """The minibatches of every lane: (lanes, steps, batch)."""
    training, seeds = cell.training, {lane.seed for lane in lanes}
    by_seed = {
        seed: minibatch_rows(seed, training.steps, examples, training.batch_size) for seed in seeds
    }
    return np.stack([by_seed[lane.seed] for lane in lanes])


def initial_state(
    cell: Cell, backend: Backend, estimator: str, lanes: list[Lane]
) -> tuple[State, Trial]:
    """The state and the trials that training begins with, every leaf with the axis of the lanes first."""
    ops, engine, precision = backend.ops, backend.engine, cell.run.precision
    starts = [initial_params(cell.training.problem, lane.seed, precision) for lane in lanes]
    params = {name: ops.asarray(np.stack([start[name] for start in starts])) for name in starts[0]}
    chosen, optimizer = cell.estimators[estimator], cell.training.optimizer
    state = engine.vmap_trials(
        lambda one: steps.initial_state(ops, chosen, optimizer, one), (), len(lanes)
    )(params)
    rates = ops.asarray(np.array([lane.learning_rate for lane in lanes], precision))
    return state, Trial(engine.keys(np.array([lane.seed for lane in lanes])), rates)
