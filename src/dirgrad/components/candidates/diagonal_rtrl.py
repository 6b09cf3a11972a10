from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.candidates import _influence, _steps
from dirgrad.components.candidates._influence import Influence
from dirgrad.components.candidates._steps import Step
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Batch, Ops, Params


@component
class DiagonalRtrl:
    """Approximate gradient by diagonal real-time recurrent learning.

    It follows each weight's influence on the unit that it drives, and each unit's influence on
    its own next state. Per example, the influence is as large as the weights. It is 0 before the
    first remaining observation. The problem must be a recurrent network of units. If no unit
    depends on another unit, as with the unit `lru`, the gradient is exact.

    It is close to SnAp-1 (Menick et al. 2021) and not equal to it on dense units. The loss of a
    step sees the influence on the state before the step, through all connections between the units.
    `snap_1` drops the connections between different units also here.
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
        problem, params = _steps.network_of_units(position, "diagonal_rtrl"), position.params

        def take(state: Params, influence: Influence, x: Batch) -> Step:
            (next_state, loss), pull = ops.vjp(
                lambda params, state: problem.advance(ops, params, state, x),
                params,
                state,
            )
            zero_state = tree.map(ops.zeros_like, next_state)
            direct, state_gradient = pull((zero_state, ops.zeros((), loss) + 1.0))
            through_state = _influence.gradient(state_gradient, influence)
            influence = _influence.advance(ops, problem, params, state, x[0], influence)
            return Step(next_state, influence, direct, through_state)

        return _steps.sum_over_steps(ops, position, problem, take)
