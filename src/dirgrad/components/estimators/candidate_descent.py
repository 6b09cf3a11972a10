from math import nan
from typing import Annotated, Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components import registry
from dirgrad.components.registry import component, component_field
from dirgrad.core import sequences
from dirgrad.core.closed_forms import Shares
from dirgrad.core.recurrent import Candidate, SequencePosition, StateRule
from dirgrad.core.types import Estimate, Ops, Params, VectorSampler


@component
class CandidateDescent:
    """Descent along an approximate gradient itself, without a directional derivative along it.

    It is the baseline of directional descent (Silver et al. 2022) along the same candidate. With
    `snap_1` it is SnAp-1 (Menick et al. 2021). With `truncated_gradient` of W steps and `window` W
    it is truncated BPTT; without `window` it updates once, along the sum over windows. With a
    truncation of 1 step, the sum holds the immediate derivatives only.

    Estimates: The gradient g is approximated by the candidate u, in direction and in length.
    Cost: It takes the passes of the candidate, and a forward pass for the loss and the next state.
    Assumes: The problem is recurrent, and `window` divides the length of the sequence.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    state_rule: ClassVar[StateRule] = StateRule()
    candidate: Annotated[Candidate, component_field("candidates")]
    """Component that proposes u: an approximate gradient such as `truncated_gradient`."""
    window: PositiveInt | None = None
    """W, the number of steps between updates. It must divide the length of the sequence. null is
    the whole sequence. The candidate sees one window, and treats the state before it as constant.
    """

    def __post_init__(self) -> None:
        if self.candidate.direction is not None or self.candidate.uses_average:
            raise ValueError(
                f"candidate '{registry.kind(self.candidate)}' is not computed from the sequence: "
                "candidate_descent needs an approximate gradient, diagonal_rtrl, snap_1 or "
                "truncated_gradient"
            )

    @property
    def evaluations(self) -> int:
        return 1 + self.candidate.sequence_passes

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: Any, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any]:
        # Every leaf of the proposal is an array, and nothing of it is drawn.
        proposal = self.candidate.propose(ops, position, (), dict)
        loss, problem_state = sequences.rollout(ops, position)
        return Estimate(loss, 1.0, proposal), problem_state, state

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: the bias of an approximate gradient depends on the problem."""
        return nan
