from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge, Lt
from pydantic import PositiveInt

from dirgrad.components.registry import component, component_field
from dirgrad.core import sequences, tree
from dirgrad.core.recurrent import Candidate, SequencePosition, VectorSampler
from dirgrad.core.types import Array, Direction, Estimate, Ops, Params


class Carried(NamedTuple):
    """directions: those held, () if they are proposed anew. tangents: of the state. With K > 1 both have K as their first axis."""

    directions: Any
    tangents: Params


@component
class DirectionalDescent:
    """Descent along a direction, online, in memory that does not grow with the sequence (Silver et al. 2022).

    Approximates: the gradient g by (1/K) sum_j (g . u_j) u_j for directions with E[u u^T] = I, without bias while the
        parameters stand; for others by its projection on them, (1/K) sum_j (g . u_j) u_j / ||u_j||^2.
    With: K passes of forward accumulation that carry the state's tangent along, and what the candidate takes.
    Choices that are ours: what happens at a window's end, and when a direction is proposed.
    """

    candidate: Annotated[Candidate, component_field("candidates")]
    """Where the direction comes from."""
    window: PositiveInt | None = None
    """W, the steps from one update to the next: 1 is fully online; null is all of the sequence. Divides its length."""
    hold: Literal["sequence", "window"] = "sequence"
    """How long a direction is held. One proposed anew meets a tangent that belongs to those before it, unless that is reset."""
    tangent: Literal["kept", "reset"] = "kept"
    """What becomes of the state's tangent at a window's end: if it is reset, the derivative is truncated there."""
    num_directions: PositiveInt = 1
    """K, the number of directions."""
    average_decay: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """Of the running average of past estimates, for a candidate that asks for it."""

    @property
    def direction(self) -> Direction | None:
        return self.candidate.direction

    @property
    def evaluations(self) -> int:
        return self.num_directions + self.candidate.sequence_passes

    def init(self, ops: Ops, params: Params) -> Any:
        return tree.map(ops.zeros_like, params) if self.candidate.uses_average else ()

    def start(self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler) -> Carried:
        directions = self._proposed(ops, place, past, draw) if self.hold == "sequence" else ()
        lead = () if self.num_directions == 1 else (self.num_directions,)
        return Carried(
            directions, tree.map(lambda leaf: ops.zeros((*lead, *leaf.shape), leaf), place.state)
        )

    def _proposed(
        self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler
    ) -> Params:
        def propose(j: Any) -> Params:
            return self.candidate.propose(ops, place, past, lambda: draw(j, place.params))

        return (
            propose(0)
            if self.num_directions == 1
            else ops.vmap(propose)(ops.arange(self.num_directions))
        )

    def estimate(
        self, ops: Ops, place: SequencePosition, past: Any, carried: Carried, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any, Carried]:
        directions = (
            carried.directions
            if self.hold == "sequence"
            else self._proposed(ops, place, past, draw)
        )

        def along(direction: Params, tangent: Params) -> tuple[Array, Params, Array, Params]:
            loss, state, slope, moved = sequences.jvp_window(ops, place, direction, tangent)
            return (
                loss,
                state,
                slope if self.candidate.unbiased else slope / tree.squared_norm(ops, direction),
                moved,
            )

        if self.num_directions == 1:
            loss, state, slope, tangents = along(directions, carried.tangents)
            found = Estimate(loss, slope, directions)
        else:
            losses, states, slopes, tangents = ops.vmap(along)(directions, carried.tangents)
            loss, state = losses[0], tree.map(lambda leaf: leaf[0], states)
            found = Estimate(loss, 1 / self.num_directions, tree.weighted_sum(slopes, directions))
        if self.tangent == "reset":
            tangents = tree.map(ops.zeros_like, tangents)
        return found, state, self._remembered(ops, past, found), carried._replace(tangents=tangents)

    def _remembered(self, ops: Ops, past: Any, found: Estimate) -> Any:
        if not self.candidate.uses_average:
            return past
        return tree.axpy(
            ops,
            (1 - self.average_decay) * found.scale,
            found.vector,
            tree.scale(self.average_decay, past),
        )
