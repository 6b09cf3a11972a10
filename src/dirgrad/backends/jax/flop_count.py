"""Floating-point operations of a function, the bodies of its loops as often as they run."""

from collections.abc import Iterator
from math import prod
from typing import Any, cast

import jax
from jax.extend import core


def counts(closed: core.ClosedJaxpr) -> dict[str, int]:
    """`flops`: of all arithmetic, by XLA's analysis. `product_flops`: of products of matrices and convolutions alone."""
    return {"flops": round(_flops(closed)), "product_flops": _product_flops(closed)}


def _flops(closed: core.ClosedJaxpr) -> float:
    """XLA counts the body of a loop once (jax issue 18672), here it counts once a step."""
    total = _analysed(closed)
    for steps, body in _loops(closed):
        total += steps * _flops(body) - _analysed(body)
    return total


def _analysed(closed: core.ClosedJaxpr) -> float:
    lowered = jax.jit(core.jaxpr_as_fun(closed)).lower(*closed.in_avals)
    return float((lowered.cost_analysis() or {}).get("flops", 0.0))


def _loops(closed: core.ClosedJaxpr) -> Iterator[tuple[int, core.ClosedJaxpr]]:
    """The outermost loops: (steps, body)."""
    for equation in closed.jaxpr.eqns:
        for body in _inside(equation):
            if equation.primitive.name == "scan":
                yield equation.params["length"], body
            else:
                yield from _loops(body)


def _inside(equation: core.JaxprEqn) -> Iterator[core.ClosedJaxpr]:
    """The programs that an equation calls."""
    for value in equation.params.values():
        for one in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(one, core.ClosedJaxpr):
                yield one
            elif isinstance(one, core.Jaxpr):
                yield core.ClosedJaxpr(one, ())


def _product_flops(closed: core.ClosedJaxpr) -> int:
    total = 0
    for equation in closed.jaxpr.eqns:
        total += _product(equation)
        times = equation.params["length"] if equation.primitive.name == "scan" else 1
        total += times * sum(map(_product_flops, _inside(equation)))
    return total


def _product(equation: core.JaxprEqn) -> int:
    """A multiplication and an addition for every entry of the result and of the axes summed over."""
    name = equation.primitive.name
    if name not in ("dot_general", "conv_general_dilated"):
        return 0
    entries, (left, right) = prod(_shape(equation.outvars[0])), map(_shape, equation.invars)
    if name == "dot_general":
        (summed, _), _ = equation.params["dimension_numbers"]
        return 2 * entries * prod(left[axis] for axis in summed)
    return 2 * entries * prod(right) // right[equation.params["dimension_numbers"].rhs_spec[0]]


def _shape(variable: Any) -> tuple[int, ...]:
    return cast(tuple[int, ...], getattr(variable.aval, "shape", ()))
