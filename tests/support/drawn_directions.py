"""Directions of a law, drawn in lanes for small parameters."""

import numpy as np

from dirgrad.core import tree
from dirgrad.core.types import Backend, Direction, Params

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

    def draw(key):
        return tree.materialize(law.draw(backend.ops, key, params))

    draw_in_lanes = backend.engine.vmap_trials(draw, (), lanes)
    directions = draw_in_lanes(backend.engine.keys(np.arange(lanes)))
    flat = [backend.engine.to_numpy(directions[name]).reshape(lanes, -1) for name in SHAPES]
    return np.concatenate(flat, axis=1)
