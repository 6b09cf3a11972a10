from typing import Annotated, ClassVar, Literal

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

    With one parameter, directions cannot be compared: the projection of the gradient on any
    direction equals the gradient. Two variants of our own have more parameters (`trained`).
    """

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE
    trained: Literal["theta", "drive_and_diagonal", "chains"] = "theta"
    """Parameters. `theta` is the published problem. With `drive_and_diagonal`, each unit has its
    own drive and its own entry on the diagonal of A: 46 parameters for 23 units, and none sees two
    signs. With `chains`, there are 2 x units chains with one theta each, and the loss is their
    mean. Chain j has 1 + j positive units, modulo units - 1, so `positive` has no effect."""
    units: Annotated[int, Ge(2)] = 23
    """Number of units of a chain."""
    positive: PositiveInt = 10
    """Number of units, from the first on, that are driven by +theta."""
    start: float = 0.5
    """Initial theta. An initial drive is theta e."""
    spread: Annotated[float, Ge(0.0)] = 0.0
    """Standard deviation of normal noise in the initial theta or drive. 0 makes all seeds equal."""
    length: PositiveInt = 500
    """Number of steps, T. The default is the value in the published evaluation."""

    @property
    def _signs(self) -> np.ndarray:
        """Sign of each unit of each chain: (chains, units)."""
        num_positive = np.array([self.positive])
        if self.trained == "chains":
            num_positive = 1 + np.arange(2 * self.units) % (self.units - 1)
        return np.where(np.arange(self.units) < num_positive[:, None], 1.0, -1.0)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        if self.trained == "drive_and_diagonal":
            (signs,) = self._signs
            drive = self.start * signs + self.spread * rng.normal(size=self.units)
            return {"drive": drive, "diagonal": np.full(self.units, 0.5)}
        return {"theta": self.start + self.spread * rng.normal(size=len(self._signs))}

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        like = next(iter(params.values()))
        return {"s": ops.zeros(self._signs.shape, like) + 1.0}

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return (ops.arange(self.length),)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        s = state["s"]
        # Rows of s are chains, so A multiplies s from the right, as its transpose.
        from_next_unit = np.eye(self.units, k=-1) / 2
        if self.trained == "drive_and_diagonal":
            decay, drive = params["diagonal"], params["drive"]
        else:
            decay = 0.5
            drive = params["theta"][:, None] * ops.constant(self._signs, s)
        s = decay * s + s @ ops.constant(from_next_unit, s) + drive
        num_chains = s.shape[0]
        return {"s": s}, ops.sum((s[:, 0] - 1) ** 2) / (2 * self.length * num_chains)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the loss (): the mean over all steps."""
        state = self.initial_state(ops, params, batch)
        position = SequencePosition(self, params, state, self.observations(ops, batch))
        loss, _ = sequences.rollout(ops, position)
        return loss
