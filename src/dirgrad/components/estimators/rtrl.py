from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition, StateRule
from dirgrad.core.types import Array, Estimate, Ops, Params, VectorSampler


def _zero_tangents(ops: Ops, position: SequencePosition, _: Any, draw: VectorSampler) -> Params:
    """Return the tangents of the first state along all coordinates."""
    return sequences.zero_tangents(ops, position, (tree.num_entries(position.params),))


@component
class Rtrl:
    """Real-time recurrent learning, which carries the state's tangent along all d coordinates.

    Estimates: The result is the exact gradient while the parameters do not change.
    Cost: It takes one forward-mode pass with d tangents, so it suits small networks only.
    Assumes: The problem is recurrent, and `window` divides the length of the sequence.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    state_rule: ClassVar[StateRule] = StateRule(start=_zero_tangents)
    window: PositiveInt | None = None
    """W, the number of steps between updates. It must divide the length of the sequence. null is
    the whole sequence."""

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: Params, draw: VectorSampler
    ) -> tuple[Estimate, Params, Params]:
        params = position.params
        dimension = tree.num_entries(params)
        like = tree.first_leaf(params)

        def differentiate(j: Array, tangent: Params) -> tuple[Array, Params, Array, Params]:
            coordinate = ops.one_hot(j, dimension, like)
            direction = tree.unravel(coordinate, params)
            return sequences.jvp_window(ops, position, direction, tangent)

        coordinates = ops.arange(dimension)
        losses, states, slopes, tangents = ops.vmap(differentiate)(coordinates, state)
        problem_state = tree.map(lambda leaf: leaf[0], states)
        estimate = Estimate(losses[0], 1.0, tree.unravel(slopes, params))
        return estimate, problem_state, tangents
