"""Loss landscapes: the loss of each problem of two parameters on a grid."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa

from dirgrad.core import criterion
from dirgrad.core.types import Array, Backend, Params, PlotRange, Problem
from dirgrad.records import provenance
from dirgrad.records.files import to_table
from dirgrad.records.training_schemas import LANDSCAPE

POINTS = 201
"""Number of grid points along each axis."""


def run(
    problems: Mapping[str, Problem], backend: Backend, facts: dict[str, Any]
) -> tuple[pa.Table, dict[str, str]]:
    """Evaluate the losses; return a row per experiment and grid point, and the provenance.

    Args:
        problems: problems by the names of their experiments; those without a plot range are
            skipped.
        backend: the framework.
        facts: settings of the experiments, for the provenance.
    """
    rows: list[dict[str, Any]] = []
    for experiment, problem in problems.items():
        if problem.plot_range:
            # A problem that the framework cannot evaluate has no landscape.
            with suppress(NotImplementedError):
                rows += _grid(experiment, problem, problem.plot_range, backend)
    return to_table(rows, LANDSCAPE), provenance.collect(facts, backend.engine.environment())


def _grid(
    experiment: str, problem: Problem, plot_range: PlotRange, backend: Backend
) -> Iterator[dict[str, Any]]:
    ops, engine = backend.ops, backend.engine
    x_limits, y_limits = plot_range
    x_axis = np.linspace(*x_limits, POINTS)
    y_axis = np.linspace(*y_limits, POINTS)
    x_grid, y_grid = np.meshgrid(x_axis, y_axis)
    x, y = x_grid.ravel(), y_grid.ravel()
    rng = np.random.default_rng(0)
    (name,) = problem.init(rng)

    def loss(params: Params) -> Array:
        return criterion.loss(problem, ops, params, ())

    points = np.stack([x, y], axis=1).astype(np.float32)
    params = {name: ops.asarray(points)}
    losses_at = engine.vmap_trials(loss, (), len(x))
    losses = engine.to_numpy(losses_at(params))
    for theta_0, theta_1, value in zip(x, y, losses, strict=True):
        yield {
            "experiment": experiment,
            "theta_0": theta_0,
            "theta_1": theta_1,
            "loss": value,
        }
