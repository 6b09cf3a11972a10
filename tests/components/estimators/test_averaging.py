"""Directions share one pass only if every matrix of theirs is stored as an outer product."""

import numpy as np
import pytest

from dirgrad.components.estimators._averaging import is_compact
from dirgrad.core.tree import OuterProduct
from dirgrad.core.types import Params

MATRIX, VECTOR = np.ones((3, 2)), np.ones(4)
FACTORED = OuterProduct(np.ones(3), np.ones(2))


@pytest.mark.parametrize(
    ("params", "direction", "expected"),
    [
        ({"w": MATRIX, "b": VECTOR}, {"w": FACTORED, "b": VECTOR}, True),
        ({"w": MATRIX, "u": MATRIX}, {"w": FACTORED, "u": MATRIX}, False),
        # A vector has no factors, so that K directions of vectors are as large as K parameters.
        ({"b": VECTOR}, {"b": VECTOR}, False),
    ],
)
def test_a_direction_is_compact_if_all_its_matrices_have_factors(
    params: Params, direction: Params, expected: bool
) -> None:
    assert is_compact(direction, params) is expected
