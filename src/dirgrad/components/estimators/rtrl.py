from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import SequencePosition, VectorSampler
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Rtrl:
    """Real-time recurrent learning: the state's tangent along every one of the d coordinates is carried along.

    Approximates: nothing while the parameters stand. With: one pass of d tangents, for small networks.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    window: PositiveInt | None = None
    """W, the steps from one update to the next; null: all of the sequence. Divides its length."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def start(self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler) -> Params:
        dimension = tree.size(place.params)
        return tree.map(lambda leaf: ops.zeros((dimension, *leaf.shape), leaf), place.state)

    def estimate(
        self, ops: Ops, place: SequencePosition, past: Any, carried: Params, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any, Params]:
        dimension, like = tree.size(place.params), tree.first_leaf(place.params)

        def along(j: Array, tangent: Params) -> tuple[Array, Params, Array, Params]:
            return sequences.jvp_window(
                ops, place, tree.unravel(ops.one_hot(j, dimension, like), place.params), tangent
            )

        losses, states, slopes, tangents = ops.vmap(along)(ops.arange(dimension), carried)
        state = tree.map(lambda leaf: leaf[0], states)
        return Estimate(losses[0], 1.0, tree.unravel(slopes, place.params)), state, past, tangents
