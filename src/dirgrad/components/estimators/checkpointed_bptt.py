from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition, StateRule
from dirgrad.core.types import Array, Batch, Estimate, Ops, Params, VectorSampler


@component
class CheckpointedBptt:
    """Backpropagation through time with gradient checkpointing.

    It stores one state per segment of steps and recomputes each segment in the backward pass.

    Estimates: The result is the exact gradient.
    Cost: It takes two forward passes and one backward pass. It stores T / segment states and the
        activations of one segment, where T is the length of the sequence.
    Assumes: The problem is recurrent, and `segment` divides T.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 2
    state_rule: ClassVar[StateRule] = StateRule()
    window: ClassVar[None] = None
    segment: PositiveInt
    """Number of steps per segment. It must divide the length T of the sequence. About the square
    root of T needs the least memory."""

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: Any, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any]:
        segments = sequences.split_windows(position.remaining, self.segment)
        problem_state, first_states, losses = _forward(ops, position, segments)
        gradient = _backward(ops, position, segments, first_states, problem_state)
        return Estimate(ops.sum(losses), 1.0, gradient), problem_state, state


def _forward(
    ops: Ops,
    position: SequencePosition,
    segments: Batch,
) -> tuple[Params, Params, Array]:
    """Return the last state, the state before each segment, and the loss of each segment."""

    def advance(state: Params, segment: Batch) -> tuple[Params, tuple[Params, Any]]:
        segment_start = position._replace(state=state, remaining=segment)
        loss, next_state = sequences.rollout(ops, segment_start)
        return next_state, (state, loss)

    state, (first_states, losses) = ops.scan(advance, position.state, segments)
    return state, first_states, losses


def _backward(
    ops: Ops,
    position: SequencePosition,
    segments: Batch,
    first_states: Params,
    last_state: Params,
) -> Params:
    """Return the gradient; go through the segments from last to first and recompute each one."""

    def recompute(
        carry: tuple[Params, Params],
        inputs: tuple[Params, Batch],
    ) -> tuple[tuple[Params, Params], tuple[()]]:
        total, state_gradient = carry
        first_state, segment = inputs

        def segment_loss(params: Params, state: Params) -> tuple[Array, Params]:
            segment_start = position._replace(params=params, state=state, remaining=segment)
            return sequences.rollout(ops, segment_start)

        (loss, _), pull = ops.vjp(segment_loss, position.params, first_state)
        loss_cotangent = ops.zeros((), loss) + 1.0
        params_gradient, state_gradient = pull((loss_cotangent, state_gradient))
        return (tree.axpy(ops, 1.0, params_gradient, total), state_gradient), ()

    zero_params = tree.map(ops.zeros_like, position.params)
    zero_state = tree.map(ops.zeros_like, last_state)
    reversed_states = tree.map(ops.flip, first_states)
    reversed_segments = tuple(map(ops.flip, segments))
    carry, _ = ops.scan(
        recompute,
        (zero_params, zero_state),
        (reversed_states, reversed_segments),
    )
    gradient: Params = carry[0]
    return gradient
