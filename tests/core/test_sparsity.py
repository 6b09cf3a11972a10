"""Components declare the sizes of sparse sets by their options, at most the dimension."""

import pytest

from dirgrad.components import registry
from dirgrad.core import sparsity

DIMENSION = 6


@pytest.mark.parametrize(("option", "size"), [(4, 4), (9, 6)])
def test_a_size_is_an_option_of_the_component_and_at_most_the_dimension(
    option: int, size: int
) -> None:
    problem = registry.parse("problems", {"kind": "sparse_regression", "nonzeros": option})
    optimizer = registry.parse("optimizers", {"kind": "hard_thresholding", "keep": option})
    direction = registry.parse("directions", {"kind": "random_support", "support": option})
    assert sparsity.nonzeros(problem, DIMENSION) == size
    assert sparsity.keep(optimizer, DIMENSION) == size
    assert sparsity.support(direction, DIMENSION) == size


def test_a_component_without_the_option_declares_no_size() -> None:
    assert sparsity.nonzeros(registry.parse("problems", "quadratic"), DIMENSION) is None
    assert sparsity.keep(registry.parse("optimizers", "sgd"), DIMENSION) is None
    assert sparsity.support(registry.parse("directions", "sphere"), DIMENSION) is None
    assert sparsity.support(None, DIMENSION) is None
