"""Evaluation at a record point: metrics of every trial on each part of the data.

Evaluation is not included in the training time.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np

from dirgrad.config.settings import Training
from dirgrad.core import criterion
from dirgrad.core.types import Backend, Batch, Params, Problem, Splits

SLICE = 100
"""Number of examples evaluated at once; small enough for the memory of every problem."""

Arrays: TypeAlias = tuple[np.ndarray, ...]
"""Arrays of one part of the data, each (examples, ...); () for a problem without data."""
Slices: TypeAlias = list[tuple[float, Batch]]
"""Minibatches that make up one part of the data, each with its share of the examples."""
Values: TypeAlias = dict[str, np.ndarray]
"""Values by column name, each (lanes,)."""
Evaluate: TypeAlias = Callable[[Params], Values]
"""Function from the parameters of all lanes to their values."""


def evaluator(training: Training, backend: Backend, data: Splits) -> Evaluate:
    """Return the function that evaluates all lanes at a record point.

    It is built once and serves all estimators. Each part of the data is cut to its first
    `evaluation_examples` examples. The values are the metrics on the training data, the metrics
    on the validation and test data (with the prefix `valid_` or `test_`), and the parameters
    `theta_0` and `theta_1` of a problem of two parameters.
    """
    metrics = _metrics(training.problem, backend)
    limit = training.evaluation_examples
    train = _slices(backend, data.train, limit)
    parts = {"valid": data.valid, "test": data.test}
    held_out = {name: _slices(backend, arrays, limit) for name, arrays in parts.items() if arrays}

    def evaluate(params: Params) -> Values:
        values: Values = {}
        for metric, value in metrics(params, train).items():
            column = "train_accuracy" if metric == "accuracy" else metric
            values[column] = value
        for part, slices in held_out.items():
            for metric, value in metrics(params, slices).items():
                values[f"{part}_{metric}"] = value
        return values | _two_parameters(backend, params)

    return evaluate


def _slices(backend: Backend, arrays: Arrays, limit: int) -> Slices:
    """Cut the first `limit` examples into minibatches; () without data is one minibatch."""
    if not arrays:
        return [(1.0, ())]
    count = min(limit, len(arrays[0]))
    slices: Slices = []
    for first in range(0, count, SLICE):
        rows = slice(first, min(first + SLICE, count))
        batch = tuple(backend.ops.asarray(array[rows]) for array in arrays)
        slices.append(((rows.stop - first) / count, batch))
    return slices


def _two_parameters(backend: Backend, params: Params) -> Values:
    """Return both parameters of every lane for a trajectory plot, or {} for other problems."""
    first = next(iter(params.values()))
    if first.shape[1:] != (2,):
        return {}
    theta = backend.engine.to_numpy(first)
    return {"theta_0": theta[:, 0], "theta_1": theta[:, 1]}


def _metrics(problem: Problem, backend: Backend) -> Callable[[Params, Slices], Values]:
    ops, engine = backend.ops, backend.engine

    def metrics_of_trial(params: Params, batch: Batch) -> Values:
        return criterion.metrics(problem, ops, params, batch)

    @cache
    def metrics_of_lanes(lanes: int) -> Callable[[Params, Batch], Values]:
        return engine.vmap_trials(metrics_of_trial, (1,), lanes)

    def average_over_slices(params: Params, slices: Slices) -> Values:
        metrics = metrics_of_lanes(len(next(iter(params.values()))))
        total: Values = {}
        # All slices are computed before the first value is read, which waits for the device.
        results = [(weight, metrics(params, batch)) for weight, batch in slices]
        for weight, values in results:
            for name, value in values.items():
                slice_mean = engine.to_numpy(value).astype(np.float64)
                total[name] = total.get(name, 0.0) + weight * slice_mean
        return total

    return average_over_slices
