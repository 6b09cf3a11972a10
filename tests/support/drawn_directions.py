"""Directions of a law, drawn in lanes for small parameters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from dirgrad.core import tree
from dirgrad.core.directions import jth_direction
from dirgrad.core.types import Backend, Direction, Key, Params

SHAPES = {"a": (2, 4), "b": (), "c": (3,)}
"""Shapes of the parameters, by name."""
DIMENSION = 12
"""Number of parameters."""
GRADIENT = np.linspace(-1.0, 2.0, DIMENSION)
"""A gradient for tests of the forward gradient: (DIMENSION,)."""


def zero_params(backend: Backend, dtype: str = "float64") -> Params:
    """Return parameters of the shapes SHAPES."""
    return {name: backend.ops.asarray(np.zeros(shape, dtype)) for name, shape in SHAPES.items()}


def draw_directions(backend: Backend, law: Direction, lanes: int) -> np.ndarray:
    """Draw one direction per lane from the keys 0, 1 and so on: (lanes, DIMENSION)."""
    params = zero_params(backend)
    return _draw_in_lanes(backend, lambda key: law.draw(backend.ops, key, params), lanes)


def draw_estimate_directions(
    backend: Backend, law: Direction, lanes: int, count: int
) -> np.ndarray:
    """Draw the first directions of one estimate per lane: (lanes, count, DIMENSION)."""
    params, ops = zero_params(backend), backend.ops

    def draw(key: Key) -> Params:
        def draw_one(j: Any) -> Params:
            return tree.materialize(jth_direction(ops, law, key, j, params))

        return ops.vmap(draw_one)(ops.arange(count))

    flat = _draw_in_lanes(backend, draw, lanes, count)
    return flat.reshape(lanes, count, DIMENSION)


def _draw_in_lanes(
    backend: Backend, draw: Callable[[Key], Params], lanes: int, count: int = 1
) -> np.ndarray:
    """Draw `count` directions per lane: (lanes * count, DIMENSION)."""

    def draw_arrays(key: Key) -> Params:
        return tree.materialize(draw(key))

    draw_in_lanes = backend.engine.vmap_trials(draw_arrays, (), lanes)
    directions = draw_in_lanes(backend.engine.keys(np.arange(lanes)))
    flat = [backend.engine.to_numpy(directions[name]).reshape(lanes * count, -1) for name in SHAPES]
    return np.concatenate(flat, axis=1)
