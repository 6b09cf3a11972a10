"""Error of a finite difference: its distance from the derivative along its own direction.

The measured error is recorded with the one expected from Taylor's theorem and rounding.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.core import steps, theory, tree
from dirgrad.core.types import Array, Backend, Batch, Direction, Estimator, Key, Params
from dirgrad.runs.instruments.workload import Workload, loss

Row: TypeAlias = dict[str, Any]
Expansion: TypeAlias = Mapping[str, np.ndarray]
"""Taylor expansion along n directions v; each array is (n,).

`loss` is the loss f. `first`, `second` and `third` are D f[v], D2 f[v, v] and D3 f[v, v, v].
`length` is ||v||.
"""
ExpandAt: TypeAlias = Callable[[Workload, int], Expansion]
"""Function (workload, first seed) -> expansion along the directions of consecutive seeds."""


def error_columns(
    backend: Backend, workload: Workload, unit_roundoff: float
) -> Callable[[Estimator, Workload, int, list[Row]], list[Row]]:
    """Return the function that computes the error columns of estimates on a problem.

    Its arguments are an estimator, a workload on this problem, the seed of the first key, and the
    rows of the estimates from consecutive seeds. It returns {} for every row unless the estimator
    is a finite difference along one direction.

    Args:
        backend: the framework.
        workload: a workload on the problem.
        unit_roundoff: largest relative error of rounding in the precision of the run.
    """
    expand_along: dict[Direction, ExpandAt] = {}

    def columns(
        estimator: Estimator, target: Workload, first_seed: int, rows: list[Row]
    ) -> list[Row]:
        if not isinstance(estimator, FiniteDifference) or estimator.num_directions > 1:
            return [{}] * len(rows)
        law = estimator.direction
        if law not in expand_along:
            expand_along[law] = _expand_at(backend, workload, estimator, len(rows))
        expansion = expand_along[law](target, first_seed)
        return _errors(estimator, unit_roundoff, expansion, rows)

    return columns


def _expand_at(
    backend: Backend, workload: Workload, estimator: FiniteDifference, draws: int
) -> ExpandAt:
    """Return the expansion along `draws` directions; it is compiled once for all workloads."""
    ops, engine = backend.ops, backend.engine
    f = loss(ops, workload.problem)

    def expand(key: Key, params: Params, batch: Batch) -> dict[str, Array]:
        v = tree.materialize(steps.direction_sampler(ops, estimator, key, params)(0))

        def f_on_batch(x: Params) -> Array:
            return f(x, batch)

        def derivative(g: Callable[[Params], Array]) -> Callable[[Params], Array]:
            return lambda x: ops.jvp(g, (x,), (v,))[1]

        first = derivative(f_on_batch)
        second = derivative(first)
        third = derivative(second)
        return {
            "loss": f_on_batch(params),
            "first": first(params),
            "second": second(params),
            "third": third(params),
            "length": tree.norm(ops, v),
        }

    expand_lanes = engine.vmap_trials(expand, (1, 2), draws)

    def expand_at(target: Workload, first_seed: int) -> Expansion:
        keys = engine.keys(first_seed + np.arange(draws))
        expansion = expand_lanes(keys, target.params, target.batch)
        return {name: engine.to_numpy(leaf).astype(np.float64) for name, leaf in expansion.items()}

    return expand_at


def _errors(
    estimator: FiniteDifference, unit_roundoff: float, expansion: Expansion, rows: list[Row]
) -> list[Row]:
    """Return the columns `difference_error`, `difference_error_theory` and `difference_bias`."""
    cosine, norm_ratio, gradient_norm = (
        np.array([row[name] for row in rows]) for name in ("cosine", "norm_ratio", "gradient_norm")
    )
    derivative, length = expansion["first"], expansion["length"]
    # The estimate is s v, and its product with g is s D f[v]. This determines the slope s.
    slope = cosine * norm_ratio * gradient_norm**2 / derivative
    error = np.abs(slope - derivative) * length / gradient_norm
    slope_error = theory.difference_error(
        estimator.scheme,
        estimator.eps,
        unit_roundoff,
        expansion["loss"],
        expansion["second"],
        expansion["third"],
    )
    expected_error = slope_error * length / gradient_norm
    bias = (slope - derivative) * derivative / gradient_norm**2
    return [
        {
            "difference_error": row_error,
            "difference_error_theory": row_expected,
            "difference_bias": row_bias,
        }
        for row_error, row_expected, row_bias in zip(error, expected_error, bias, strict=True)
    ]
