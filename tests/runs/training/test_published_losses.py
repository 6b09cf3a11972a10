"""Gradient descent reproduces the losses of the paper of Baydin et al. (2022), figure 2."""

from typing import Any, NamedTuple

import pytest

from dirgrad.core.types import Backend
from support.small_trainings import train_small


class Descent(NamedTuple):
    """A descent at the learning rate of the paper.

    Attributes:
        problem: Configuration of the problem.
        learning_rate: Learning rate of the paper.
        steps: Number of steps.
        final_loss: Loss after the last step, from a separate computation in float64.
    """

    problem: dict[str, Any]
    learning_rate: float
    steps: int
    final_loss: float


DESCENTS = {
    "beale": Descent({"kind": "beale", "start": [0.0, 0.5]}, 0.01, 1000, 5.56e-5),
    "rosenbrock": Descent({"kind": "rosenbrock", "start": [-1.0, 0.0]}, 5e-4, 25_000, 5.32e-6),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DESCENTS)
def test_gradient_descent_reaches_the_published_loss(backend: Backend, name: str) -> None:
    descent = DESCENTS[name]
    rows, _ = train_small(
        backend,
        descent.problem,
        learning_rates=[descent.learning_rate],
        seeds=1,
        steps=descent.steps,
        record_every=descent.steps,
        estimators=["backprop"],
    )
    assert f"{rows['final_loss'].item():.2e}" == f"{descent.final_loss:.2e}"
