"""What instruments look at: a problem at the initial values of seed 0, or some steps later, on its first minibatch."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from dirgrad.components import registry
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.config.plan import Cell, Measurement
from dirgrad.config.settings import Instrument, Training
from dirgrad.core import criterion, steps, tree
from dirgrad.core.recurrent import OnlineEstimator, Recurrent
from dirgrad.core.types import Array, Backend, Batch, Estimator, Key, Ops, Params, Problem
from dirgrad.runs.training import train, trials


class Workload(NamedTuple):
    """batch_size: of the minibatch asked for. dimension: the number of parameters. layers: the number of arrays of two axes or more
    among them."""

    name: str
    problem: Problem
    params: Params
    batch: Batch
    batch_size: int
    dimension: int
    depth: int

    def columns(self) -> dict[str, str | int | None]:
        """The columns that tell one subject from the next."""
        return {
            "problem": self.name,
            "problem_kind": registry.kind(self.problem),
            "dimension": self.dimension,
            "depth": self.depth,
            "length": self.problem.length if isinstance(self.problem, Recurrent) else None,
            "batch_size": self.batch_size if self.batch else 0,
        }


def workloads(made: Measurement, backend: Backend) -> Iterator[Workload]:
    """The subjects of a measurement, one in memory at a time. Raises UserError where a data set cannot be had."""
    for name, batch_size in problems_and_batch_sizes(made.settings):
        yield workload(made, backend, name, batch_size)


def problems_and_batch_sizes(settings: Instrument) -> Iterator[tuple[str, int]]:
    """The problems, each with the sizes of its minibatches; one without data with the first alone."""
    for name, problem in settings.problems.items():
        yield from (
            (name, size)
            for size in (settings.batch_sizes if problem.dataset else settings.batch_sizes[:1])
        )


def workload(made: Measurement, backend: Backend, name: str, batch_size: int) -> Workload:
    """One subject, in the precision of the run."""
    problem: Problem = made.settings.problems[name]
    start = trials.initial_params(problem, 0, made.run.precision)
    splits = trials.load(problem, made.run)
    examples = len(splits.train[0]) if splits.train else 0
    (rows,) = trials.minibatch_rows(0, 1, examples, batch_size)
    return Workload(
        name,
        problem,
        # In the order to which JAX sorts when it compiles: a direction is the same compiled or not.
        {key: backend.ops.asarray(start[key]) for key in sorted(start)},
        tuple(backend.ops.asarray(part[rows]) for part in splits.train),
        batch_size,
        tree.size(start),
        sum(leaf.ndim > 1 for leaf in start.values()),
    )


def on_minibatch(made: Measurement, backend: Backend, about: Workload, minibatch: int) -> Workload:
    """The subject on a minibatch of its first epochs; the first is its own."""
    if not minibatch:
        return about
    splits = trials.load(about.problem, made.run)
    rows = trials.minibatch_rows(0, minibatch + 1, len(splits.train[0]), about.batch_size)[-1]
    return about._replace(batch=tuple(backend.ops.asarray(part[rows]) for part in splits.train))


def on_all_data(made: Measurement, backend: Backend, about: Workload) -> Workload:
    """The subject on all its training data."""
    return about._replace(
        batch=tuple(
            backend.ops.asarray(part) for part in trials.load(about.problem, made.run).train
        )
    )


def after_training(
    made: Measurement, backend: Backend, about: Workload
) -> Iterator[tuple[int, Workload]]:
    """The subject after each of the numbers of steps asked for, by backprop, in their order."""
    counts = sorted({*made.settings.after_steps} - {0})
    if 0 in made.settings.after_steps:
        yield 0, about
    if not counts:
        return
    training = Training(
        problem=about.problem,
        optimizer=made.settings.optimizer,
        learning_rates=(made.settings.learning_rate,),
        seeds=1,
        steps=counts[-1],
        record_every=counts[-1],
        batch_size=about.batch_size,
    )
    by: dict[str, Estimator | OnlineEstimator] = {"backprop": Backprop()}
    cell = Cell(
        tier=made.tier,
        experiment="led",
        backend=made.backend,
        estimators=by,
        training=training,
        run=made.run,
    )
    for after, params in zip(counts, train.parameters_after(cell, backend, counts), strict=True):
        yield after, about._replace(params=params)


def loss(ops: Ops, problem: Problem) -> Callable[[Params, Batch], Array]:
    """The function alone: (params, batch) -> ()."""
    return lambda params, batch: criterion.loss(problem, ops, params, batch)


def gradient(
    ops: Ops, problem: Problem, estimator: Estimator | OnlineEstimator
) -> Callable[[Key, Params, Batch], Params]:
    """The whole estimate, direction drawn and slope multiplied out: (key, params, batch) -> like params."""

    def estimate(key: Key, params: Params, batch: Batch) -> Params:
        found = steps.estimate(ops, problem, estimator, key, params, batch)
        return tree.materialize_replayed(tree.scale(found.scale, found.vector))

    return estimate


def estimator_columns(estimator: Estimator | OnlineEstimator) -> dict[str, str | int]:
    """The columns that tell one estimator from the next."""
    return {
        "estimator_kind": registry.kind(estimator),
        "direction": registry.distribution_name(estimator.direction),
        "num_directions": estimator.num_directions,
    }


def random_key(backend: Backend, seed: int) -> Key:
    """One random key."""
    return backend.engine.keys(np.array([seed]))[0]
