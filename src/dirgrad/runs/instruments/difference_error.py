"""What a finite difference is off by: from the derivative along its own direction, beside what Taylor and rounding say."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.core import steps, theory, tree
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Array, Backend, Batch, Direction, Estimator, Key, Params
from dirgrad.runs.instruments.workload import Workload, loss

Row: TypeAlias = dict[str, Any]
Expansion: TypeAlias = Mapping[str, np.ndarray]
"""Of n directions v: their lengths, and there the loss, D f[v], D2 f[v, v] and D3 f[v, v, v]; each (n,)."""


def measured(backend: Backend, start: Workload, unit: float) -> Callable[..., list[Row]]:
    """(estimator, place, begin, rows) -> the columns of these rows of estimates, made with the keys from `begin` on, that are of
    differences; empty for what takes none, or several at once. unit: the unit roundoff."""
    expansions: dict[Direction, Callable[[Workload, int], Expansion]] = {}

    def columns(
        estimator: Estimator | OnlineEstimator, place: Workload, begin: int, rows: list[Row]
    ) -> list[Row]:
        if not isinstance(estimator, FiniteDifference) or estimator.num_directions > 1:
            return [{}] * len(rows)
        if estimator.direction not in expansions:
            expansions[estimator.direction] = _expansion(backend, start, estimator, len(rows))
        return _errors(estimator, unit, expansions[estimator.direction](place, begin), rows)

    return columns


def _expansion(
    backend: Backend, start: Workload, estimator: FiniteDifference, draws: int
) -> Callable[[Workload, int], Expansion]:
    """At a place: along the directions of so many keys, from a number on. Compiled once for all."""
    ops = backend.ops

    def of(key: Key, params: Params, batch: Batch) -> dict[str, Array]:
        v = tree.materialize(steps.direction_sampler(ops, estimator, key, params)(0))

        def f(at: Params) -> Array:
            return loss(ops, start.problem)(at, batch)

        def derivative(g: Callable[[Params], Array]) -> Callable[[Params], Array]:
            return lambda at: ops.jvp(g, (at,), (v,))[1]

        first = derivative(f)
        second = derivative(first)
        found = {"loss": f, "first": first, "second": second, "third": derivative(second)}
        return {name: g(params) for name, g in found.items()} | {"length": tree.norm(ops, v)}

    lanes = backend.engine.vmap_trials(of, (1, 2), draws)

    def at(place: Workload, begin: int) -> Expansion:
        found = lanes(backend.engine.keys(begin + np.arange(draws)), place.params, place.batch)
        return {
            name: backend.engine.to_numpy(leaf).astype(np.float64) for name, leaf in found.items()
        }

    return at


def _errors(
    estimator: FiniteDifference, unit: float, along: Expansion, rows: list[Row]
) -> list[Row]:
    """`difference_error` and `difference_error_theory` of estimates, over ||g||, and `difference_bias`. unit: the unit roundoff;
    rows: how far each estimate s v is from g, which tells s, since its product with g is s D f[v]."""
    cosine, ratio, norm = (
        np.array([row[name] for row in rows]) for name in ("cosine", "norm_ratio", "gradient_norm")
    )
    slope = cosine * ratio * norm**2 / along["first"]
    error = np.abs(slope - along["first"]) * along["length"] / norm
    expected = theory.difference_error(
        estimator.scheme, estimator.eps, unit, along["loss"], along["second"], along["third"]
    )
    bias = (slope - along["first"]) * along["first"] / norm**2
    names = ("difference_error", "difference_error_theory", "difference_bias")
    told = zip(error, expected * along["length"] / norm, bias, strict=True)
    return [dict(zip(names, one, strict=True)) for one in told]
