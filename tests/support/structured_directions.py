"""Directions whose leaves are outer products or replayed arrays."""

from typing import Any

import numpy as np

from dirgrad.core.types import Backend, Params
from support.cases import CASES, DIRECTIONS, placed


def params_and_direction(backend: Backend, problem: str, law: str) -> tuple[Params, Params]:
    """Return the initial parameters of a problem, and one direction of a law."""
    params = placed(backend, CASES[problem].params())
    return params, DIRECTIONS[law].draw(backend.ops, first_key(backend), params)


def first_key(backend: Backend) -> Any:
    """Return the random key of seed 0."""
    return backend.engine.keys(np.array([0]))[0]
