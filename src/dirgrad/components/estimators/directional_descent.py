from math import nan
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge, Lt
from pydantic import PositiveInt

from dirgrad.components.registry import component, component_field
from dirgrad.core import sequences, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.recurrent import Candidate, SequencePosition, StateRule
from dirgrad.core.types import Array, Direction, Estimate, Ops, Params, VectorSampler


class Descent(NamedTuple):
    """State between two windows.

    With K > 1 every array of the directions and tangents has a first axis of length K.

    Attributes:
        average: Running average of past estimates, or () if the candidate does not use it.
        directions: Directions held for the whole sequence, or () if each window proposes its own.
        tangents: Tangents of the problem's state along the directions.
    """

    average: Any
    directions: Any
    tangents: Params


@component
class DirectionalDescent:
    """Online directional descent by Silver et al. (2022), in forward mode.

    Its own memory does not grow with the length of the sequence; the candidate's memory is added.
    Two choices are ours: when a direction is proposed (`hold`) and how the tangent is treated at
    the end of a window (`tangent`). `candidate_descent` follows the candidate itself.

    Estimates: The gradient g is approximated by (1/K) sum_j (g . u_j) u_j if E[u u^T] = I. This
        is unbiased while the parameters do not change. For other directions the approximation is
        a projection, (1/K) sum_j (g . u_j) u_j / ||u_j||^2.
    Cost: It takes K forward-mode passes that carry the tangent of the state, plus the cost of the
        candidate.
    Assumes: The problem is recurrent, and `window` divides the length of the sequence.
    """

    candidate: Annotated[Candidate, component_field("candidates")]
    """Component that proposes the directions u."""
    window: PositiveInt | None = None
    """W, the number of steps between updates. It must divide the length of the sequence. 1 is
    fully online, null is the whole sequence."""
    hold: Literal["sequence", "window"] = "sequence"
    """How long a direction is held. With `window`, a new direction starts from the tangents of
    the previous directions, unless `tangent` is `reset`."""
    tangent: Literal["kept", "reset"] = "kept"
    """Treatment of the state's tangent at the end of a window. With `reset`, the derivative is
    truncated there."""
    num_directions: PositiveInt = 1
    """K, the number of directions."""
    average_decay: Annotated[float, Ge(0.0), Lt(1.0)] = 0.9
    """Decay of the running average of past estimates, for a candidate that uses it."""

    @property
    def direction(self) -> Direction | None:
        return self.candidate.direction

    @property
    def evaluations(self) -> int:
        return self.num_directions + self.candidate.sequence_passes

    @property
    def state_rule(self) -> StateRule:
        return StateRule(self._first_average, self._start, attrgetter("average"))

    def _first_average(self, ops: Ops, params: Params) -> Any:
        return tree.map(ops.zeros_like, params) if self.candidate.uses_average else ()

    def _start(
        self, ops: Ops, position: SequencePosition, average: Any, draw: VectorSampler
    ) -> Descent:
        directions: Any = ()
        if self.hold == "sequence":
            directions = self._propose(ops, position, average, draw)
        first_axes = () if self.num_directions == 1 else (self.num_directions,)
        return Descent(average, directions, sequences.zero_tangents(ops, position, first_axes))

    def _propose(
        self, ops: Ops, position: SequencePosition, average: Any, draw: VectorSampler
    ) -> Params:
        def propose(j: Any) -> Params:
            def draw_vector() -> Params:
                return draw(j, position.params)

            return self.candidate.propose(ops, position, average, draw_vector)

        if self.num_directions == 1:
            return propose(0)
        directions: Params = ops.vmap(propose)(ops.arange(self.num_directions))
        return directions

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: Descent, draw: VectorSampler
    ) -> tuple[Estimate, Params, Descent]:
        directions = state.directions
        if self.hold == "window":
            directions = self._propose(ops, position, state.average, draw)
        estimate, problem_state, tangents = self._differentiate(
            ops, position, directions, state.tangents
        )
        if self.tangent == "reset":
            tangents = tree.map(ops.zeros_like, tangents)
        average = self._update_average(ops, state.average, estimate)
        return estimate, problem_state, state._replace(average=average, tangents=tangents)

    def expected_projection(self, shares: Shares) -> float:
        """Return 1 if each direction of an unbiased candidate is held to the end, else NaN."""
        is_held = self.window is None or (self.hold == "sequence" and self.tangent == "kept")
        return 1.0 if self.candidate.unbiased and is_held else nan

    def _differentiate(
        self,
        ops: Ops,
        position: SequencePosition,
        directions: Params,
        tangents: Params,
    ) -> tuple[Estimate, Params, Params]:
        """Return the estimate of one window, and the state and its tangents after the window."""

        def differentiate(u: Params, tangent: Params) -> tuple[Array, Params, Array, Params]:
            loss, state, slope, next_tangent = sequences.jvp_window(ops, position, u, tangent)
            if not self.candidate.unbiased:
                slope = slope / tree.squared_norm(ops, u)
            return loss, state, slope, next_tangent

        if self.num_directions == 1:
            loss, state, slope, tangents = differentiate(directions, tangents)
            return Estimate(loss, slope, directions), state, tangents
        losses, states, slopes, tangents = ops.vmap(differentiate)(directions, tangents)
        loss = losses[0]
        state = tree.map(lambda leaf: leaf[0], states)
        total = tree.weighted_sum(slopes, directions)
        return Estimate(loss, 1 / self.num_directions, total), state, tangents

    def _update_average(self, ops: Ops, average: Any, estimate: Estimate) -> Any:
        if not self.candidate.uses_average:
            return average
        weight = (1 - self.average_decay) * estimate.scale
        decayed = tree.scale(self.average_decay, average)
        return tree.axpy(ops, weight, estimate.vector, decayed)
