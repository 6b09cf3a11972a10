"""Small problems on which a component is checked, and the measurements of the instruments there."""

from typing import Any, ClassVar

import numpy as np

from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.mlp_with_heads import MlpWithHeads
from dirgrad.components.problems.rnn import Rnn
from dirgrad.components.registry import component
from dirgrad.config.plan import Job
from dirgrad.config.settings import JOB_KINDS, Run
from dirgrad.core.criterion import VALUE
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import (
    Array,
    Backend,
    Batch,
    Criterion,
    Estimator,
    MinibatchEstimator,
    Ops,
    Params,
    Problem,
)

INPUTS = np.array([[1.0, 0.5], [-0.5, 1.0], [0.25, -1.0], [1.0, -0.25]])
"""Inputs of the linear problem: (examples, 2)."""
TARGETS = np.array([[1.0, 0.0, -1.0], [0.5, 1.0, 0.0], [0.0, -1.0, 1.0], [-0.5, 0.5, 1.0]])
"""Targets of the linear problem: (examples, 3)."""
RUN = Run(precision="float64", threads=1)
"""Settings of every measurement of a check."""


@component
class Linear:
    """Least squares with a weight array W and a bias b: mean((A W + b - Y)^2), in 9 dimensions.

    The loss is quadratic, so a central difference is exact for every step.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw W (2, 3) and b (3,)."""
        return {"bias": rng.standard_normal(3), "weight": rng.standard_normal((2, 3))}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the loss: ()."""
        inputs = ops.constant(INPUTS, params["bias"])
        targets = ops.constant(TARGETS, params["bias"])
        error = inputs @ params["weight"] + params["bias"] - targets
        return ops.mean(error**2)

    @property
    def curvature(self) -> float:
        """Return the largest eigenvalue of the Hessian."""
        features = np.column_stack([INPUTS, np.ones(len(INPUTS))])
        return float(2 / TARGETS.size * np.linalg.norm(features, 2) ** 2)


def small_problem(estimator: Estimator) -> Problem:
    """Return the problem on which the mean and the noise of an estimator are measured.

    It is `Linear`, a network that reads a sequence of 4 steps for an online estimator, or a network
    with two layers of 4 hidden units for an estimator that needs the examples of a minibatch. Each
    of its layers has a head, for estimators that need local losses.
    """
    if isinstance(estimator, MinibatchEstimator):
        return MlpWithHeads(dataset=Digits(), hidden=(4, 4))
    if isinstance(estimator, OnlineEstimator):
        return Rnn(dataset=Copy(symbols=2, delay=2), hidden=2)
    return Linear()


def network(estimator: Estimator) -> Problem:
    """Return the network on which the cost of an estimator is measured."""
    if isinstance(estimator, OnlineEstimator):
        return Rnn(dataset=Copy(delay=2), hidden=8)
    if isinstance(estimator, MinibatchEstimator):
        return MlpWithHeads(dataset=Digits(), hidden=(32, 32))
    return Mlp(dataset=Digits(), hidden=(32, 32))


def job(kind: str, backend: Backend, problem: Problem, estimator: Estimator, **options: Any) -> Job:
    """Return a measurement of an estimator, by the name `estimator`, and of `backprop`.

    Args:
        kind: Kind of the job.
        backend: The framework.
        problem: The problem, by the name `check`.
        estimator: The estimator.
        **options: Further settings of the job.
    """
    estimators: dict[str, Estimator] = {"backprop": Backprop(), "estimator": estimator}
    plain = {"problems": {"check": problem}, "estimators": tuple(estimators), **options}
    settings = JOB_KINDS[kind].settings.model_validate(plain)
    name: Any = backend.name
    return Job(kind, "check", name, settings, estimators, RUN)
