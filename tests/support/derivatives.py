"""Derivatives of the losses of the cases, computed by a framework."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dirgrad.core.types import Backend
from support.cases import CASES, compiled, loss_of, placed


def loss_and_gradient(backend: Backend, name: str) -> tuple[float, dict[str, np.ndarray]]:
    """Return the loss of a case and its gradient at the initial parameters."""
    loss = loss_of(backend, CASES[name])
    value_and_grad = compiled(backend, backend.ops.value_and_grad(loss))
    value, gradient = value_and_grad(placed(backend, CASES[name].params()))
    return float(value), {key: backend.engine.to_numpy(leaf) for key, leaf in gradient.items()}


def compile_jvp(backend: Backend, name: str) -> Callable[..., Any]:
    """Return the map (params, tangent) -> (loss, slope) of a case."""
    loss = loss_of(backend, CASES[name])

    def jvp(params, tangent):
        return backend.ops.jvp(loss, (params,), (tangent,))

    return compiled(backend, jvp)
