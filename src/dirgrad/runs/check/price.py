"""Multiplications, bytes and seconds of a step, divided by the cost of backprop or inference."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records.schemas import MeasurementStatus
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.workloads import job, network
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, memory

BATCH = 64
"""Number of examples of a minibatch."""
ROUNDS = 5
"""Number of times that each program is timed, in turn."""
ROUND_SECONDS = 0.01
"""Duration of one value in seconds."""

Row = dict[str, Any]


def price(frameworks: Sequence[Backend], estimator: Estimator) -> Iterator[Finding]:
    """Yield whether the compiled estimate is correct, and the cost of a step.

    It is measured in the first framework whose instrument accepts the estimator.
    """
    problem = network(estimator)
    for backend in frameworks:
        target = job(
            "cost",
            backend,
            problem,
            estimator,
            batch_sizes=(BATCH,),
            rounds=ROUNDS,
            round_seconds=ROUND_SECONDS,
        )
        try:
            rows = cost.run(target, Context(backend))["cost"].to_pylist()
        except RuntimeError:
            # PyTorch cannot count the bytes on the tape of a VJP inside vmap.
            yield Finding(f"cost of a step ({backend.name})", None, "not measured", decides=False)
            continue
        yield from _cost(backend, problem, estimator, rows)
        return


def _cost(
    backend: Backend, problem: Problem, estimator: Estimator, rows: list[Row]
) -> Iterator[Finding]:
    mine = [row for row in rows if row["estimator"] == "estimator"]
    name = f"compiled estimate ({backend.name})"
    if mine[0]["status"] == MeasurementStatus.UNSUPPORTED:
        yield Finding(name, "correct", "unsupported", decides=False)
        return
    if mine[0]["status"] == MeasurementStatus.WRONG:
        reason = mine[0]["reason"]
        failure = f"the compiled estimate is {reason}: correct it, or drop `is_exact`"
        yield Finding(name, "correct", "wrong", failure=failure)
        return
    yield Finding(name, "correct", "correct")
    yield _products(rows)
    products = _first(rows, "estimator", "step")["product_flops"]
    products_of_backprop = _first(rows, "backprop", "step")["product_flops"]
    if products_of_backprop:
        ratio = products / products_of_backprop
        yield Finding("multiplications of a step / backprop", None, ratio, decides=False)
    yield from _bytes(backend, problem, estimator)
    yield _seconds(rows)


def _first(rows: list[Row], estimator: str | None, part: str) -> Row:
    return next(row for row in rows if (row["estimator"], row["part"]) == (estimator, part))


def _products(rows: list[Row]) -> Finding:
    """Return the multiplications of an estimate, which are at least the declared number."""
    estimate = _first(rows, "estimator", "gradient")
    measured = estimate["product_flops"] / _first(rows, None, "forward")["product_flops"]
    declared = estimate["flop_bound_over_forward"]
    name = "multiplications of an estimate / inference"
    if declared is None or np.isnan(declared):
        return Finding(name, "not declared", measured, decides=False)
    failure = ""
    if measured < declared * (1 - 1e-9):
        failure = (
            "a declared closed form that its count contradicts: an estimate takes "
            f"{measured:.3g} times the multiplications of inference, and at least {declared:.3g} "
            "are declared: correct `least_products`"
        )
    return Finding(name, f">= {declared:.3g}", measured, failure=failure)


def _bytes(backend: Backend, problem: Any, estimator: Estimator) -> Iterator[Finding]:
    """Yield the temporary bytes of a step, divided by the bytes of inference and of backprop."""
    target = job("memory", backend, problem, estimator, batch_sizes=(BATCH,))
    names = (memory.INFERENCE, "backprop", "estimator")
    inference, backprop, step = (_temporary_bytes(target, backend, name) for name in names)
    yield Finding("bytes of a step / inference", None, step / inference, decides=False)
    yield Finding("bytes of a step / backprop", None, step / backprop, decides=False)


def _temporary_bytes(target: Any, backend: Backend, name: str) -> int:
    row = memory.measure(target, backend, "check", BATCH, name)
    (value,) = (row[column] for column in row if column.endswith("temp_bytes"))
    return max(int(value), 1)


def _seconds(rows: list[Row]) -> Finding:
    """Return the time of a step, divided by the time of a backprop step of the same round."""
    seconds = {
        name: np.array(
            [row["seconds"] for row in rows if (row["estimator"], row["part"]) == (name, "step")]
        )
        for name in ("estimator", "backprop")
    }
    ratios = seconds["estimator"] / seconds["backprop"]
    return Finding(
        "seconds of a step / backprop",
        None,
        float(np.median(ratios)),
        float(ratios.min()),
        float(ratios.max()),
        decides=False,
    )
