from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition, VectorSampler
from dirgrad.core.types import Array, Estimate, Ops, Params


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
    window: PositiveInt | None = None
    """W, the number of steps between updates. It must divide the length of the sequence. null is
    the whole sequence."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def start(
        self,
        ops: Ops,
        position: SequencePosition,
        estimator_state: Any,
        draw: VectorSampler,
    ) -> Params:
        dimension = tree.num_entries(position.params)

        def zero_tangents(leaf: Array) -> Array:
            return ops.zeros((dimension, *leaf.shape), leaf)

        return tree.map(zero_tangents, position.state)

    def estimate(
        self,
        ops: Ops,
        position: SequencePosition,
        estimator_state: Any,
        carried: Params,
        draw: VectorSampler,
    ) -> tuple[Estimate, Params, Any, Params]:
        params = position.params
        dimension = tree.num_entries(params)
        like = tree.first_leaf(params)

        def differentiate(j: Array, tangent: Params) -> tuple[Array, Params, Array, Params]:
            coordinate = ops.one_hot(j, dimension, like)
            direction = tree.unravel(coordinate, params)
            return sequences.jvp_window(ops, position, direction, tangent)

        coordinates = ops.arange(dimension)
        losses, states, slopes, tangents = ops.vmap(differentiate)(coordinates, carried)
        state = tree.map(lambda leaf: leaf[0], states)
        estimate = Estimate(losses[0], 1.0, tree.unravel(slopes, params))
        return estimate, state, estimator_state, tangents
