"""The losses of the problems of two parameters on a grid: what trajectories are drawn over."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from dirgrad.core import criterion
from dirgrad.core.types import Backend, Params, PlotRange, Problem
from dirgrad.records import provenance
from dirgrad.records.files import to_table
from dirgrad.records.schemas import LANDSCAPE

POINTS = 201


def run(
    problems: Mapping[str, Problem], backend: Backend, facts: dict[str, Any]
) -> tuple[pa.Table, dict[str, str]]:
    """A row per experiment and grid point, and the provenance. problems: by the names of their experiments; those without
    a window are left out."""
    rows = [
        row
        for name, problem in problems.items()
        if problem.plot_range
        for row in _grid(name, problem, problem.plot_range, backend)
    ]
    return to_table(rows, LANDSCAPE), provenance.collect(facts, backend.engine.environment())


def _grid(
    experiment: str, problem: Problem, window: PlotRange, backend: Backend
) -> Iterator[dict[str, Any]]:
    ops, engine = backend.ops, backend.engine
    x, y = (axis.ravel() for axis in np.meshgrid(*(np.linspace(*side, POINTS) for side in window)))
    ((name, _),) = problem.init(np.random.default_rng(0)).items()

    def loss(params: Params) -> Any:
        return criterion.loss(problem, ops, params, ())

    points = {name: ops.asarray(np.stack([x, y], axis=1).astype(np.float32))}
    losses = engine.to_numpy(engine.vmap_trials(loss, (), len(x))(points))
    for a, b, value in zip(x, y, losses, strict=True):
        yield {"experiment": experiment, "theta_0": a, "theta_1": b, "loss": value}
