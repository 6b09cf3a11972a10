"""Count of floating-point operations.

A loop counts once for each of its steps. A conditional counts with the mean of its branches (see
`core/branches.py`), and a fraction is rounded up.
"""

from collections.abc import Iterator, Sequence
from math import ceil, prod
from typing import Any, NamedTuple, cast

import jax
from jax.extend import core

from dirgrad.core.branches import mean_count

PRODUCTS = ("dot_general", "conv_general_dilated")


def count_flops(
    closed: core.ClosedJaxpr, branch_probabilities: Sequence[float] = ()
) -> dict[str, int]:
    """Count the floating-point operations of a program.

    Args:
        closed: The program.
        branch_probabilities: Weights of the branches of each conditional with as many branches.

    Returns:
        `flops`, all arithmetic as XLA's cost analysis counts it, and `product_flops`, only matrix
        products and convolutions.
    """
    return {
        "flops": round(_flops(closed, branch_probabilities).counted),
        "product_flops": ceil(_product_flops(closed, branch_probabilities)),
    }


class _Flops(NamedTuple):
    """Floating-point operations of a program, as XLA counts them and as they are counted here."""

    in_xla: float
    counted: float


def _flops(closed: core.ClosedJaxpr, branch_probabilities: Sequence[float]) -> _Flops:
    # XLA counts the body of a loop only once (jax issue 18672). Replace that count.
    in_xla = total = _analyze(closed)
    for equation in _control_flow(closed):
        bodies = [_flops(body, branch_probabilities) for body in _called(equation)]
        if equation.primitive.name == "scan":
            (body,) = bodies
            total += equation.params["length"] * body.counted - body.in_xla
        else:
            # XLA counts the largest branch.
            mean = mean_count([body.counted for body in bodies], branch_probabilities)
            total += mean - max(body.in_xla for body in bodies)
    return _Flops(in_xla, total)


def _analyze(closed: core.ClosedJaxpr) -> float:
    function = jax.jit(core.jaxpr_as_fun(closed))
    analysis = function.lower(*closed.in_avals).cost_analysis() or {}
    return float(analysis.get("flops", 0.0))


def _control_flow(closed: core.ClosedJaxpr) -> Iterator[core.JaxprEqn]:
    """Yield the outermost loops and conditionals."""
    for equation in closed.jaxpr.eqns:
        if equation.primitive.name in ("scan", "cond"):
            yield equation
            continue
        for body in _called(equation):
            yield from _control_flow(body)


def _called(equation: core.JaxprEqn) -> Iterator[core.ClosedJaxpr]:
    """Yield the programs that an equation calls."""
    for param in equation.params.values():
        values = param if isinstance(param, (tuple, list)) else (param,)
        for value in values:
            if isinstance(value, core.ClosedJaxpr):
                yield value
            elif isinstance(value, core.Jaxpr):
                yield core.ClosedJaxpr(value, ())


def _product_flops(closed: core.ClosedJaxpr, branch_probabilities: Sequence[float]) -> float:
    total = 0.0
    for equation in closed.jaxpr.eqns:
        total += _equation_product_flops(equation)
        called = [_product_flops(body, branch_probabilities) for body in _called(equation)]
        name = equation.primitive.name
        if name == "scan":
            total += equation.params["length"] * sum(called)
        elif name == "cond":
            total += mean_count(called, branch_probabilities)
        else:
            total += sum(called)
    return total


def _equation_product_flops(equation: core.JaxprEqn) -> int:
    """Count 2 operations (multiply, add) per entry of the result and per summed index."""
    name = equation.primitive.name
    if name not in PRODUCTS:
        return 0
    num_entries = prod(_shape(equation.outvars[0]))
    left, right = map(_shape, equation.invars)
    dimensions = equation.params["dimension_numbers"]
    if name == "dot_general":
        (summed_axes, _), _ = dimensions
        return 2 * num_entries * prod(left[axis] for axis in summed_axes)
    output_channels = right[dimensions.rhs_spec[0]]
    return 2 * num_entries * prod(right) // output_channels


def _shape(variable: Any) -> tuple[int, ...]:
    return cast(tuple[int, ...], getattr(variable.aval, "shape", ()))
