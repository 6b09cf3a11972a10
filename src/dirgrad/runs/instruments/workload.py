"""Workloads: a problem at fixed parameters and on a fixed minibatch, which instruments measure.

The parameters are the initial values of seed 0, or their values after some steps of training.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from dirgrad.components import registry
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.config.plan import Job
from dirgrad.config.settings import Instrument, Quality, Training
from dirgrad.core import criterion, steps, tree
from dirgrad.core.closed_forms import GradientShare
from dirgrad.core.recurrent import Recurrent
from dirgrad.core.types import (
    Array,
    Backend,
    Batch,
    Estimator,
    Key,
    Ops,
    Params,
    Problem,
    Splits,
)
from dirgrad.runs.training import train, trials


class Workload(NamedTuple):
    """A problem with its parameters and a minibatch.

    Attributes:
        name: name of the problem in the configuration.
        problem: the problem.
        params: the parameters.
        batch: the minibatch; () for a problem without data.
        batch_size: number of examples that the configuration asks for.
        dimension: number of parameters.
        depth: number of parameter arrays with at least two axes.
    """

    name: str
    problem: Problem
    params: Params
    batch: Batch
    batch_size: int
    dimension: int
    depth: int

    def columns(self) -> dict[str, str | int | None]:
        """Return the columns that identify this workload in a record."""
        length = self.problem.length if isinstance(self.problem, Recurrent) else None
        return {
            "problem": self.name,
            "problem_kind": registry.kind(self.problem),
            "dimension": self.dimension,
            "depth": self.depth,
            "length": length,
            "batch_size": self.batch_size if self.batch else 0,
        }


def workloads(job: Job, backend: Backend) -> Iterator[Workload]:
    """Yield the workloads of a job, so that only one at a time is in memory.

    Raises:
        UserError: a data set is not available.
    """
    for name, batch_size in problems_and_batch_sizes(job.settings):
        yield load_workload(job, backend, name, batch_size)


def problems_and_batch_sizes(settings: Instrument) -> Iterator[tuple[str, int]]:
    """Yield every problem name with each batch size, or with the first size if it has no data."""
    for name, problem in settings.problems.items():
        sizes = settings.batch_sizes if problem.dataset else settings.batch_sizes[:1]
        for size in sizes:
            yield name, size


def load_workload(job: Job, backend: Backend, name: str, batch_size: int) -> Workload:
    """Return one workload at the initial values of seed 0, in the precision of the run.

    Args:
        job: the job, which defines the problem.
        backend: the framework.
        name: name of the problem in the job.
        batch_size: number of examples of the minibatch.

    Raises:
        UserError: the data set is not available.
    """
    problem: Problem = job.settings.problems[name]
    params = trials.initial_params(problem, 0, job.run.precision)
    splits = trials.load_splits(problem, job.run)
    num_examples = len(splits.train[0]) if splits.train else 0
    (rows,) = trials.minibatch_rows(0, 1, num_examples, batch_size)
    # JAX sorts dictionaries when it compiles. Sorted parameters get the same directions whether
    # or not the program is compiled.
    leaf_names = sorted(params)
    return Workload(
        name=name,
        problem=problem,
        params={leaf_name: backend.ops.asarray(params[leaf_name]) for leaf_name in leaf_names},
        batch=_minibatch(backend, splits, rows),
        batch_size=batch_size,
        dimension=tree.num_entries(params),
        depth=sum(leaf.ndim > 1 for leaf in params.values()),
    )


def on_minibatch(job: Job, backend: Backend, workload: Workload, minibatch: int) -> Workload:
    """Return a workload with another minibatch of its training data; 0 is its own minibatch."""
    if not minibatch:
        return workload
    splits = trials.load_splits(workload.problem, job.run)
    num_examples = len(splits.train[0])
    rows = trials.minibatch_rows(0, minibatch + 1, num_examples, workload.batch_size)
    return workload._replace(batch=_minibatch(backend, splits, rows[-1]))


def _minibatch(backend: Backend, splits: Splits, rows: np.ndarray) -> Batch:
    return tuple(backend.ops.asarray(array[rows]) for array in splits.train)


def on_all_data(job: Job, backend: Backend, workload: Workload) -> Workload:
    """Return a workload with all its training data as the minibatch."""
    splits = trials.load_splits(workload.problem, job.run)
    batch = tuple(backend.ops.asarray(array) for array in splits.train)
    return workload._replace(batch=batch)


def after_training(
    job: Job, backend: Backend, workload: Workload
) -> Iterator[tuple[int, Workload]]:
    """Yield (number of steps, workload after these steps of backprop) in ascending order."""
    settings: Quality = job.settings
    after_steps = settings.after_steps
    counts = sorted({*after_steps} - {0})
    if 0 in after_steps:
        yield 0, workload
    if not counts:
        return
    training = _backprop_training(settings, workload, counts[-1])
    params_after = train.train_steps(training, Backprop(), job.run, backend, counts)
    for count, params in zip(counts, params_after, strict=True):
        yield count, workload._replace(params=params)


def _backprop_training(settings: Quality, workload: Workload, num_steps: int) -> Training:
    """Return the training of one trial, seed 0, on the problem of the workload."""
    return Training(
        problem=workload.problem,
        optimizer=settings.optimizer,
        learning_rates=(settings.learning_rate,),
        seeds=1,
        steps=num_steps,
        record_every=num_steps,
        batch_size=workload.batch_size,
    )


def loss(ops: Ops, problem: Problem) -> Callable[[Params, Batch], Array]:
    """Return the loss of a problem as a function (params, batch) -> ()."""
    return lambda params, batch: criterion.loss(problem, ops, params, batch)


def gradient(
    ops: Ops, problem: Problem, estimator: Estimator
) -> Callable[[Key, Params, Batch], Params]:
    """Return a gradient estimate as a function (key, params, batch) -> like params.

    The function draws the directions and multiplies the scale into the vector. Replayed and chosen
    leaves are materialized, and outer products stay factored.
    """

    def estimate_gradient(key: Key, params: Params, batch: Batch) -> Params:
        estimate = steps.estimate(ops, problem, estimator, key, params, batch)
        return tree.materialize_deferred(tree.scale(estimate.scale, estimate.vector))

    return estimate_gradient


def exact_gradient(backend: Backend, workload: Workload) -> Callable[[Workload], Params]:
    """Return the function from a workload on this problem to its gradient by backpropagation.

    It is compiled once for all parameters and minibatches of these shapes.
    """
    exact = gradient(backend.ops, workload.problem, Backprop())
    exact_lanes = backend.engine.vmap_trials(exact, (1, 2), 1)

    def exact_at(target: Workload) -> Params:
        keys = backend.engine.keys(np.array([0]))
        lanes = exact_lanes(keys, target.params, target.batch)
        return {name: leaf[0] for name, leaf in lanes.items()}

    return exact_at


def estimator_columns(estimator: Estimator) -> dict[str, str | int]:
    """Return the columns that describe an estimator in a record."""
    return {
        "estimator_kind": registry.kind(estimator),
        "direction": registry.distribution_name(estimator.direction),
        "num_directions": estimator.num_directions,
    }


def as_rows(backend: Backend, lanes: Params) -> np.ndarray:
    """Return leaves (n, ...) as rows (n, d) float64, in the order of the dictionary."""
    arrays = [backend.engine.to_numpy(leaf).astype(np.float64) for leaf in lanes.values()]
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)


def gradient_shares(gradient: Mapping[str, np.ndarray]) -> list[GradientShare]:
    """Return the share of each array in ||g||^2; all shares are 0 if g is 0.

    Args:
        gradient: The arrays of g, by name.
    """
    squares = {name: float((leaf.astype(float) ** 2).sum()) for name, leaf in gradient.items()}
    total = sum(squares.values()) or 1.0
    return [
        GradientShare(leaf.shape, squares[name] / total, name) for name, leaf in gradient.items()
    ]


def random_key(backend: Backend, seed: int) -> Key:
    """Return the random key of a seed."""
    return backend.engine.keys(np.array([seed]))[0]
