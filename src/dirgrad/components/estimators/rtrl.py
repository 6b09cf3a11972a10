from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import Draw, Place
from dirgrad.core.types import Array, Estimate, Ops, Params


@component
class Rtrl:
    """Real-time recurrent learning: the state's tangent along every one of the d coordinates is carried along.

    Approximates: nothing while the parameters stand. With: one pass of d tangents, for small networks.
    """

    direction: ClassVar[None] = None
    directions_k: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    window: PositiveInt | None = None
    """W, the steps from one update to the next; null: all of the sequence. Divides its length."""

    def remember(self, ops: Ops, params: Params) -> Any:
        return ()

    def begin(self, ops: Ops, place: Place, past: Any, draw: Draw) -> Params:
        dimension = tree.size(place.params)
        return tree.each(lambda leaf: ops.zeros((dimension, *leaf.shape), leaf), place.state)

    def estimate(self, ops: Ops, place: Place, past: Any, carried: Params, draw: Draw) -> tuple[Estimate, Params, Any, Params]:
        dimension, like = tree.size(place.params), tree.any_leaf(place.params)

        def along(j: Array, tangent: Params) -> tuple[Array, Params, Array, Params]:
            return sequences.push(ops, place, tree.split(ops.one_hot(j, dimension, like), place.params), tangent)

        losses, states, slopes, tangents = ops.vmap(along)(ops.counter(dimension), carried)
        state = tree.each(lambda leaf: leaf[0], states)
        return Estimate(losses[0], 1.0, tree.split(slopes, place.params)), state, past, tangents
