"""Short training on a small problem: the loss before and after, with backprop for comparison."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.config.plan import Job
from dirgrad.config.settings import Experiment
from dirgrad.core.types import Backend, Estimator, Optimizer, Problem
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.workloads import RUN, Linear, small_problem
from dirgrad.runs.context import Context
from dirgrad.runs.training import train

STEPS = 50
"""Number of steps."""
SEEDS = 3
"""Number of trials, over which the losses are averaged."""
SEQUENCE_RATE = 0.1
"""Learning rate on a sequence."""

Estimators = Mapping[str, Estimator]


def training(backend: Backend, estimator: Estimator) -> Iterator[Finding]:
    """Yield the loss before and after training with backprop and with an estimator."""
    problem = small_problem(estimator)
    rate = SEQUENCE_RATE
    if isinstance(problem, Linear):
        # Along one direction the mean square contracts below about 2 / (d + 2) of the curvature.
        rate = 1 / (problem.curvature * (problem.init(np.random.default_rng(0))["weight"].size + 5))
    estimators: Estimators = {"backprop": Backprop(), "estimator": estimator}
    losses = final_losses(backend, problem, Sgd(), estimators, rate)
    before, after = losses["estimator"]
    name = f"loss after {STEPS} steps"
    yield Finding(f"{name} of backprop", f"< {before:.3g}", losses["backprop"][1], decides=False)
    yield lowered(name, before, after)


def lowered(name: str, before: float, after: float) -> Finding:
    """Return the finding that a training lowers the loss."""
    failure = ""
    if not after < before:
        failure = f"the training does not lower the loss: {before:.3g} before, {after:.3g} after"
    return Finding(name, f"< {before:.3g}", after, failure=failure)


def final_losses(
    backend: Backend, problem: Problem, optimizer: Optimizer, estimators: Estimators, rate: float
) -> dict[str, tuple[float, float]]:
    """Return the mean training loss before and after training, by estimator."""
    settings = Experiment(
        estimators=tuple(estimators),
        problem=problem,
        optimizer=optimizer,
        learning_rates=(rate,),
        seeds=SEEDS,
        steps=STEPS,
        record_every=STEPS,
        batch_size=32,
        evaluation_examples=200,
    )
    name: Any = backend.name
    job = Job("training", "check", name, settings, dict(estimators), RUN)
    curves = train.run(job, Context(backend))["curves"].to_pandas()
    losses = {}
    for name in estimators:
        rows = curves[curves["estimator"] == name]
        before = rows.loc[rows["step"] == 0, "loss"].mean()
        after = rows.loc[rows["step"] == STEPS, "loss"].mean()
        losses[name] = (float(before), float(after))
    return losses
