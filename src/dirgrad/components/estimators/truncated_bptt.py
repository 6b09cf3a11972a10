from math import nan
from typing import Any, ClassVar

from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import sequences
from dirgrad.core.closed_forms import Shares
from dirgrad.core.recurrent import SequencePosition, StateRule
from dirgrad.core.types import Estimate, Ops, Params, VectorSampler


@component
class TruncatedBptt:
    """Truncated backpropagation through time.

    Each window gives the gradient of its own loss, with the state before it held constant.

    Estimates: The gradient is approximated without the dependencies that reach beyond a window.
    Cost: It takes one forward and one backward pass, and stores the activations of one window.
    Assumes: The problem is recurrent, and `window` divides the length of the sequence.
    """

    direction: ClassVar[None] = None
    num_directions: ClassVar[int] = 0
    evaluations: ClassVar[int] = 1
    state_rule: ClassVar[StateRule] = StateRule()
    window: PositiveInt
    """W, the number of steps per window. It must divide the length of the sequence."""

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: Any, draw: VectorSampler
    ) -> tuple[Estimate, Params, Any]:
        loss, problem_state, gradient = sequences.window_gradient(ops, position)
        return Estimate(loss, 1.0, gradient), problem_state, state

    def expected_projection(self, shares: Shares) -> float:
        """Return NaN: truncation leaves out a part of the gradient that depends on the problem."""
        return nan
