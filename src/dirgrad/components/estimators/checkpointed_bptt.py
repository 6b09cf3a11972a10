from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition, VectorSampler
from dirgrad.core.types import Batch, Estimate, Ops, Params


@component
class CheckpointedBptt:
    """Backpropagation through time that keeps one state per segment and runs each segment again on its way back.

    Approximates: nothing. With: two passes forward and one back; T / segment states and the activations of one segment.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 2
    window: ClassVar[None] = None
    segment: PositiveInt
    """Steps of a segment; least memory at about the root of the length T, which it divides."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def start(self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler) -> Any:
        return ()

    def estimate(
        self, ops: Ops, place: SequencePosition, past: Any, carried: Any, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any, Any]:
        segments = sequences.split_windows(place.remaining, self.segment)

        def forward(state: Params, ahead: Batch) -> tuple[Params, tuple[Params, Any]]:
            loss, after = sequences.rollout(ops, place._replace(state=state, remaining=ahead))
            return after, (state, loss)

        def backward(
            carry: tuple[Params, Params], now: tuple[Params, Batch]
        ) -> tuple[tuple[Params, Params], tuple[()]]:
            total, on_state = carry
            state, ahead = now
            (loss, _), pull = ops.vjp(
                lambda params, before: sequences.rollout(
                    ops, place._replace(params=params, state=before, remaining=ahead)
                ),
                place.params,
                state,
            )
            found, on_state = pull((ops.zeros((), loss) + 1.0, on_state))
            return (tree.axpy(ops, 1.0, found, total), on_state), ()

        state, (kept, losses) = ops.scan(forward, place.state, segments)
        nothing = tree.map(ops.zeros_like, place.params), tree.map(ops.zeros_like, state)
        (gradient, _), _ = ops.scan(
            backward, nothing, (tree.map(ops.flip, kept), tuple(map(ops.flip, segments)))
        )
        return Estimate(ops.sum(losses), 1.0, gradient), state, past, carried
