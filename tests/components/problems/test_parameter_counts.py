"""The networks have the numbers of parameters that follow from their layers."""

import numpy as np
import pytest

from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.components.datasets.text import Text
from dirgrad.components.problems.cnn import Cnn
from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.residual_cnn import ResidualCnn
from dirgrad.components.problems.transformer import Transformer
from dirgrad.core.types import Problem
from support.cases import CASES


def count_entries(params: dict[str, np.ndarray]) -> int:
    return sum(leaf.size for leaf in params.values())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("logistic_regression", 64 * 10 + 10),
        ("mlp", 64 * 12 + 12 + 12 * 12 + 12 + 12 * 10 + 10),
        ("rnn", 8 * 6 + 6 + 36 + 6 + 60 + 10),
    ],
)
def test_a_small_network_has_the_parameters_of_its_layers(name: str, count: int) -> None:
    assert count_entries(CASES[name].params()) == count


@pytest.mark.parametrize(("padding", "count"), [("same", 3_333_962), ("valid", 1_171_274)])
def test_the_cnn_of_the_paper_has_the_parameters_of_its_reimplementations(
    padding: str, count: int
) -> None:
    params = Cnn(dataset=Mnist(), padding=padding).init(np.random.default_rng(0))
    assert count_entries(params) == count


@pytest.mark.parametrize(
    ("problem", "count"),
    [
        (Mlp(dataset=Mnist()), 1_863_690),
        (Transformer(dataset=Text()), 2 * 62 * 64 + 2 * (4 * 64**2 + 2 * 64 * 256)),
        (ResidualCnn(dataset=Digits()), 16 * 9 + 16 + 4 * (16 * 16 * 9 + 16) + 16 * 10 + 10),
    ],
    ids=["mlp", "transformer", "residual_cnn"],
)
def test_a_network_has_by_default_the_parameters_computed_by_hand(
    problem: Problem, count: int
) -> None:
    assert count_entries(problem.init(np.random.default_rng(0))) == count
