from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.candidates import _influence, _one_step_mask, _steps
from dirgrad.components.candidates._influence import Influence
from dirgrad.components.candidates._steps import Step
from dirgrad.components.registry import component
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Batch, Ops, Params


@component
class Snap1:
    """Approximate gradient by SnAp-1 (Menick et al. 2021, arXiv 2006.07232).

    After each step, it keeps the entries of the influence matrix J that a weight reaches within one
    step of the recurrence. The gradient of a loss with respect to the state after the step then
    multiplies the kept entries. `diagonal_rtrl` keeps all states of the unit that a weight drives,
    and the loss of a step sees them through all connections of this step. J is 0 before the first
    remaining observation. The problem must be a recurrent network of units.
    """

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 1

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
    ) -> Params:
        problem, params = _steps.network_of_units(position, "snap_1"), position.params
        mask = _one_step_mask.find(ops, problem, params, position.state, position.remaining[0])

        def take(state: Params, influence: Influence, x: Batch) -> Step:
            influence = _influence.advance(ops, problem, params, state, x[0], influence)
            influence = _one_step_mask.apply(influence, mask)
            state, _ = problem.advance(ops, params, state, x)
            loss, pull = ops.vjp(
                lambda params, state: problem.step_loss(ops, params, state, x),
                params,
                state,
            )
            direct, state_gradient = pull(ops.zeros((), loss) + 1.0)
            through_state = _influence.gradient(state_gradient, influence)
            return Step(state, influence, direct, through_state)

        return _steps.sum_over_steps(ops, position, problem, take)
