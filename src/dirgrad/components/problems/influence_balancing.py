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
    """A chain of linear units on which truncated gradients have the wrong sign.

    The parameter theta drives the first units with a positive sign and the others with a negative
    sign. The state starts at s = 1 and follows s' = A s + theta e. A is 1/2 on the diagonal and on
    the first superdiagonal; e is +1 for the first units and -1 for the others. The loss is the mean
    of (s_0 - 1)^2 / 2 over the steps. The problem is from Tallec and Ollivier 2017, in the form of
    the code of Vicol et al. 2021.
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    units: Annotated[int, Ge(2)] = 23
    """Number of units."""
    positive: PositiveInt = 10
    """Number of units, from the first on, that are driven by +theta."""
    start: float = 0.5
    """Initial theta."""
    length: PositiveInt = 500
    """Number of steps, T. The default is the value in the published evaluation."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"theta": np.array([self.start])}

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        return {"s": ops.zeros((self.units,), params["theta"]) + 1.0}

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return (ops.arange(self.length),)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        chain = (np.eye(self.units) + np.eye(self.units, k=1)) / 2
        signs = np.where(np.arange(self.units) < self.positive, 1.0, -1.0)
        s = state["s"]
        decayed = ops.constant(chain, s) @ s
        s = decayed + params["theta"] * ops.constant(signs, s)
        return {"s": s}, ops.sum((s[0] - 1) ** 2) / (2 * self.length)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the loss (): the mean over all steps."""
        state = self.initial_state(ops, params, batch)
        position = SequencePosition(self, params, state, self.observations(ops, batch))
        loss, _ = sequences.rollout(ops, position)
        return loss
