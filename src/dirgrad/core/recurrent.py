"""Protocols for sequences: recurrent problems, and estimators that work along a sequence."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from dirgrad.core.types import (
    Array,
    Batch,
    Direction,
    Estimate,
    Estimator,
    Ops,
    Params,
    Problem,
    VectorSampler,
)


@runtime_checkable
class Recurrent(Problem, Protocol):
    """A problem with a state that advances along a sequence.

    The losses of all steps add up to the minibatch loss.
    """

    @property
    def length(self) -> int:
        """Return T, the number of steps."""

    def observations(self, ops: Ops, batch: Batch, /) -> Batch:
        """Return the observations of all steps: arrays (T, ...)."""

    def initial_state(self, ops: Ops, params: Params, batch: Batch, /) -> Params:
        """Return the state before the first step."""

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch, /) -> tuple[Params, Array]:
        """Compute one step.

        Args:
            ops: Operations of the framework.
            params: Parameters.
            state: State before the step.
            x: Observations of the step: arrays (...).

        Returns:
            The next state and the contribution of the step to the loss: ().
        """


class Unit(Protocol):
    """The kind of the units of a recurrent network.

    A network has n units. Each unit has its own entry in every state.
    """

    @property
    def gates(self) -> int:
        """Return the number of columns of the weights per unit."""

    @property
    def state_names(self) -> tuple[str, ...]:
        """Return the names of the states. The first state is the output of the units."""

    def update(
        self,
        ops: Ops,
        params: Params,
        state: Params,
        x: Array,
        product: Callable[[Array, Array], Array],
        /,
    ) -> Params:
        """Return the next state by name, each (batch, n).

        Args:
            ops: Operations of the framework.
            params: Parameters of the network.
            state: State by name, each (batch, n).
            x: Input: (batch, inputs).
            product: Map (output of the units (batch, n), recurrent weights (n, gates n)) ->
                (batch, gates n). It is a matrix product in the network itself.
        """


@runtime_checkable
class InitializedUnit(Unit, Protocol):
    """A unit that has parameters of its own, in place of dense weights between the units."""

    def init_params(
        self, rng: np.random.Generator, num_inputs: int, hidden: int, /
    ) -> dict[str, np.ndarray]:
        """Draw the initial parameters of all units, in float64.

        Every parameter drives one unit per entry: the last axis has the length n, or m n for m
        columns per unit, with the units in order. No name ends in `_out`.

        Args:
            rng: Random generator.
            num_inputs: Number of inputs of a step.
            hidden: Number of units, n.
        """


@runtime_checkable
class UnitRecurrent(Recurrent, Protocol):
    """A recurrent network in which every weight drives only one unit.

    The output layer is an exception. The names of its arrays end in `_out`.
    """

    @property
    def unit(self) -> Unit:
        """Return the kind of the units."""

    @property
    def hidden(self) -> int:
        """Return n, the number of units."""

    def step_loss(self, ops: Ops, params: Params, state: Params, x: Batch, /) -> Array:
        """Return the contribution of a step to the loss, from the state after the step: ().

        Args:
            ops: Operations of the framework.
            params: Parameters. The loss depends on the output layer only.
            state: State after the step.
            x: Observations of the step: arrays (...).
        """


class SequencePosition(NamedTuple):
    """A position in a sequence.

    Attributes:
        problem: The problem.
        params: Parameters at the position.
        state: State at the position.
        remaining: Next observations to process: arrays (steps, ...).
    """

    problem: Recurrent
    params: Params
    state: Params
    remaining: Batch


def no_state(*_: Any) -> tuple[()]:
    """Return (), the state of an estimator without a state."""
    return ()


class StateRule(NamedTuple):
    """Functions that start, carry over and end the state of an online estimator.

    By default the estimator has no state, which is ().

    Attributes:
        init: Map (ops, params) -> state before the first sequence.
        start: Map (ops, position, state, draw) -> state before the first window of a sequence. The
            position is the start of the sequence, the state is the one after the last sequence, and
            draw samples random vectors for this call.
        finish: Map state after the last window -> state to keep until the next sequence.
    """

    init: Callable[[Ops, Params], Any] = no_state
    start: Callable[[Ops, SequencePosition, Any, VectorSampler], Any] = no_state
    finish: Callable[[Any], Any] = no_state


@runtime_checkable
class OnlineEstimator(Estimator, Protocol):
    """An estimator of the gradient that can update the parameters within a sequence.

    It returns one estimate per window of the sequence. One evaluation is one pass over the
    sequence.
    """

    @property
    def window(self) -> int | None:
        """Return W, the number of steps per estimate; None is the whole sequence."""

    @property
    def state_rule(self) -> StateRule:
        """Return where the state comes from at the ends of a sequence."""

    def estimate_window(
        self,
        ops: Ops,
        position: SequencePosition,
        state: Any,
        draw: VectorSampler,
        /,
    ) -> tuple[Estimate, Params, Any]:
        """Process one window and estimate the gradient of the sum of its losses.

        Args:
            ops: Operations of the framework.
            position: Start of the window. The observations of the window remain.
            state: State of the estimator before the window.
            draw: Sampler of random vectors for this window.

        Returns:
            The estimate; the state of the problem after the window; and the state of the estimator
            after the window. Every leaf of the estimate's vector is an array.

        Example:
            >>> s, x = problem.initial_state(ops, params, batch), problem.observations(ops, batch)
            >>> position = SequencePosition(problem, params, state=s, remaining=x)
            >>> init, start, finish = estimator.state_rule
            >>> state = start(ops, position, init(ops, params), draw)
            >>> estimate, s, state = estimator.estimate_window(ops, position, state, draw)
        """


class Candidate(Protocol):
    """A direction of descent u, proposed from the position in a sequence."""

    @property
    def direction(self) -> Direction | None:
        """Return the law of the random part of u, or None if u has no random part."""

    @property
    def unbiased(self) -> bool:
        """Return whether E[u u^T] = I. Otherwise the estimate is the projection on u."""

    @property
    def uses_average(self) -> bool:
        """Return whether `propose` needs the running average of past estimates."""

    @property
    def sequence_passes(self) -> int:
        """Return the number of passes over the sequence that `propose` takes."""

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
        /,
    ) -> Params:
        """Return u, with the names and shapes of the parameters. Every leaf is an array.

        Args:
            ops: Operations of the framework.
            position: Position in the sequence. Every leaf of its parameters is an array.
            average: Running average of past estimates, or () if `uses_average` is False.
            draw: Sampler of a vector of the law `direction`. Every leaf is an array.
        """
