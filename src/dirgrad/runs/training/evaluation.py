"""What a record point says of the parameters, outside the clock: loss and accuracy over parts of the data."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np

from dirgrad.config.plan import Cell
from dirgrad.core import criterion
from dirgrad.core.types import Backend, Batch, Params, Splits

SLICE = 100
"""Examples evaluated at once: few enough for the memory of any problem here."""

Values: TypeAlias = dict[str, np.ndarray]
"""{name: (lanes,)}."""
Evaluate: TypeAlias = Callable[[Params], Values]
"""Parameters of every lane -> their values."""


def evaluator(cell: Cell, backend: Backend, data: Splits) -> Evaluate:
    """What is said at a record point; compiled once for all estimators."""
    metrics = _metrics(cell, backend)
    parts = {
        name: tuple(x[: cell.training.evaluation_examples] for x in part)
        for name, part in data._asdict().items()
    }
    train = parts.pop("train")

    def at_point(params: Params) -> Values:
        point = {_renamed(name): value for name, value in metrics(params, train).items()}
        for part, batch in parts.items():
            if batch:
                point |= {f"{part}_{name}": value for name, value in metrics(params, batch).items()}
        first = next(iter(params.values()))
        if first.shape[1:] == (2,):
            point |= {f"theta_{i}": backend.engine.to_numpy(first)[:, i] for i in range(2)}
        return point

    return at_point


def _renamed(name: str) -> str:
    return "train_accuracy" if name == "accuracy" else name


def _metrics(cell: Cell, backend: Backend) -> Callable[[Params, tuple[np.ndarray, ...]], Values]:
    ops, engine, problem = backend.ops, backend.engine, cell.training.problem

    @cache
    def of(lanes: int) -> Callable[[Params, Batch], Values]:
        return engine.vmap_trials(
            lambda params, batch: criterion.metrics(problem, ops, params, batch), (1,), lanes
        )

    def over(params: Params, part: tuple[np.ndarray, ...]) -> Values:
        lanes, examples = len(next(iter(params.values()))), len(part[0]) if part else 1
        total: Values = {}
        for first in range(0, examples, SLICE):
            batch: Batch = tuple(ops.asarray(array[first : first + SLICE]) for array in part)
            weight = (len(batch[0]) if batch else 1) / examples
            for name, value in of(lanes)(params, batch).items():
                total[name] = total.get(name, 0.0) + weight * engine.to_numpy(value).astype(
                    np.float64
                )
        return total

    return over
