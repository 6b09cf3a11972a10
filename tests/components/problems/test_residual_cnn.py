"""The features of a residual network keep their size at every depth."""

import numpy as np

from dirgrad import backends
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.problems.residual_cnn import ResidualCnn
from support.cases import Case, placed, placed_batch


def mean_square_of_logits(blocks: int) -> float:
    """Return the mean square of the initial logits, over four seeds."""
    backend = backends.load("torch", 1, "float64")
    case = Case(ResidualCnn(dataset=Digits(), channels=16, blocks=blocks), terms=0)
    batch = placed_batch(backend, case.batch())
    squares = []
    for seed in range(4):
        logits = case.problem.outputs(backend.ops, placed(backend, case.params(seed=seed)), batch)
        squares.append((backend.engine.to_numpy(logits) ** 2).mean())
    return float(np.mean(squares))


def test_sixty_four_blocks_have_logits_of_the_size_of_one_block() -> None:
    """The variance grows from a factor of 2 at one block to a factor of e at infinitely many."""
    ratio = mean_square_of_logits(64) / mean_square_of_logits(1)
    assert 0.5 < ratio < 4
