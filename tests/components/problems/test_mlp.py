"""The hidden layers of the MLP can be repeated."""

import numpy as np

from dirgrad.components.datasets.digits import Digits
from dirgrad.components.problems.mlp import Mlp


def shapes(problem: Mlp) -> dict[str, tuple[int, ...]]:
    params = problem.init(np.random.default_rng(0))
    return {name: leaf.shape for name, leaf in params.items()}


def test_a_repetition_equals_the_same_layers_listed_twice() -> None:
    repeated = Mlp(dataset=Digits(), hidden=(6, 5), repeat=2)
    listed = Mlp(dataset=Digits(), hidden=(6, 5, 6, 5))
    assert shapes(repeated) == shapes(listed)
