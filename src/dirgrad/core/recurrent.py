"""The vocabulary of sequences: problems that move a state along one, and estimators that go along with it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from dirgrad.core.types import Array, Batch, Direction, Estimate, Ops, Params, Problem

VectorSampler: TypeAlias = Callable[[Any, Params], Params]
"""(j, like) -> the j-th random vector of this window of a sequence, of these shapes."""


@runtime_checkable
class Recurrent(Problem, Protocol):
    """A problem that moves a state along a sequence: the losses met on the way add up to the minibatch loss."""

    @property
    def length(self) -> int:
        """T, the number of steps."""

    def observations(self, ops: Ops, batch: Batch, /) -> Batch:
        """What is met on the way: arrays of (T, ...)."""

    def initial_state(self, ops: Ops, params: Params, batch: Batch, /) -> Params:
        """The state before the first step."""

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch, /) -> tuple[Params, Array]:
        """The next state, and the loss met there: its share () of the sequence's."""


class Unit(Protocol):
    """What a recurrent network is made of: n units, each with its own part of the state."""

    @property
    def gates(self) -> int:
        """Columns of the weights per unit."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of a unit's states; the first is what others see."""

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
        /,
    ) -> Params:
        """The next state, each part (batch, n). x: (batch, inputs). product: (what others see, weights) -> (batch, gates n)."""


@runtime_checkable
class UnitRecurrent(Recurrent, Protocol):
    """A recurrent problem of units, each driven by weights of its own: those not of the layer `out`."""

    @property
    def unit(self) -> Unit: ...
    @property
    def hidden(self) -> int:
        """n, the number of units."""


class SequencePosition(NamedTuple):
    """Where an online estimator stands: at these parameters, in this state, before these observations (steps, ...)."""

    problem: Recurrent
    params: Params
    state: Params
    remaining: Batch


@runtime_checkable
class OnlineEstimator(Protocol):
    """An estimator that goes along a sequence, and can update the parameters on the way."""

    @property
    def direction(self) -> Direction | None: ...
    @property
    def num_directions(self) -> int: ...
    @property
    def evaluations(self) -> int:
        """Passes over the sequence, with or without a derivative, that one takes."""

    @property
    def window(self) -> int | None:
        """W, the steps from one estimate to the next; None: all."""

    def init(self, ops: Ops, params: Params, /) -> Any:
        """What goes from one sequence to the next, before the first."""

    def start(self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler, /) -> Any:
        """What is carried along a sequence, at its start, the whole sequence ahead."""

    def estimate(
        self, ops: Ops, place: SequencePosition, past: Any, carried: Any, draw: VectorSampler, /
    ) -> tuple[Estimate, Params, Any, Any]:
        """Of one window: (estimate, next state, past, carried). The estimate is of the losses of this window."""


class Candidate(Protocol):
    """A direction to descend along, from what is known of a sequence."""

    @property
    def direction(self) -> Direction | None:
        """The law of its random part."""

    @property
    def unbiased(self) -> bool:
        """Whether E[u u^T] = I; else the estimate is the projection on u."""

    @property
    def uses_average(self) -> bool:
        """Whether it asks for the running average of past estimates."""

    @property
    def sequence_passes(self) -> int:
        """Passes over the sequence that it takes."""

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params], /
    ) -> Params:
        """u, like the parameters, from the state and the observations ahead. draw: a fresh vector of its law."""
