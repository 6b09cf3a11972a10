"""The network of JAX's tutorial has the initial values and the training loss of the tutorial."""

import numpy as np
import pytest

from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.components.problems.jax_tutorial import JaxTutorial
from dirgrad.core import criterion
from dirgrad.core.types import Backend
from support.cases import CASES, placed


def test_the_training_loss_is_a_tenth_of_the_usual_loss_and_the_reported_loss_is_the_usual(
    backend: Backend,
) -> None:
    usual = JaxTutorial(dataset=Digits(), hidden=(5,), loss_mean_over="batch")
    tutorial = JaxTutorial(dataset=Digits(), hidden=(5,), loss_mean_over="batch_and_classes")
    params = placed(backend, usual.init(np.random.default_rng(0)))
    batch = tuple(backend.ops.asarray(array) for array in CASES["mlp"].batch())

    def training_loss(problem: JaxTutorial) -> float:
        return float(criterion.loss(problem, backend.ops, params, batch))

    def reported_loss(problem: JaxTutorial) -> float:
        return float(criterion.metrics(problem, backend.ops, params, batch)["loss"])

    usual_loss = training_loss(usual)
    assert training_loss(tutorial) == pytest.approx(usual_loss / 10)
    assert reported_loss(usual) == pytest.approx(usual_loss)
    assert reported_loss(tutorial) == pytest.approx(usual_loss)


def test_initial_weights_and_biases_have_a_standard_deviation_of_one_hundredth() -> None:
    params = JaxTutorial(dataset=Mnist(), hidden=(512, 512)).init(np.random.default_rng(0))
    assert sum(leaf.size for leaf in params.values()) == 669_706
    for leaf in params.values():
        assert leaf.std() == pytest.approx(0.01, rel=5 / np.sqrt(leaf.size))
