from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences
from dirgrad.core.criterion import VALUE
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Array, Batch, Criterion, Ops, Params


@component
class InfluenceBalancing:
    """A chain of linear units, driven with one sign by the first and with the other by the rest, where a short memory sees
    the wrong sign of the gradient (Tallec and Ollivier 2017; as Vicol et al. 2021 define it in code).

    s' = A s + theta (+1 of the first, -1 of the rest), A = 1/2 on the diagonal and on the first superdiagonal, from s = 1; the
    loss is the mean of (s_0 - 1)^2 / 2 over the steps.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    units: Annotated[int, Ge(2)] = 23
    """The number of units."""
    positive: PositiveInt = 10
    """How many of the first are driven by +theta."""
    start: float = 0.5
    """The initial theta."""
    length: PositiveInt = 500
    """T, the number of steps; that of the published evaluation."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"theta": np.array([self.start])}

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        return {"s": ops.zeros((self.units,), params["theta"]) + 1.0}

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return (ops.arange(self.length),)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        chain = (np.eye(self.units) + np.eye(self.units, k=1)) / 2
        drive = np.where(np.arange(self.units) < self.positive, 1.0, -1.0)
        s = ops.constant(chain, state["s"]) @ state["s"] + params["theta"] * ops.constant(
            drive, state["s"]
        )
        return {"s": s}, ops.sum((s[0] - 1) ** 2) / (2 * self.length)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        loss, _ = sequences.rollout(
            ops,
            SequencePosition(
                self, params, self.initial_state(ops, params, batch), self.observations(ops, batch)
            ),
        )
        return loss
