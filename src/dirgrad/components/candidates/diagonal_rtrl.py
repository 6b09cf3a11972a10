from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.candidates import _influence
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition, UnitRecurrent
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
        problem, params = position.problem, position.params
        if not isinstance(problem, UnitRecurrent):
            raise NotImplementedError(
                "diagonal_rtrl needs a recurrent network of units, and this problem has no units"
            )

        def add(carry: Any, x: Batch) -> tuple[Any, tuple[()]]:
            state, influence, total = carry
            (next_state, loss), pull = ops.vjp(
                lambda params, state: problem.advance(ops, params, state, x),
                params,
                state,
            )
            zero_state = tree.map(ops.zeros_like, next_state)
            direct, state_gradient = pull((zero_state, ops.zeros((), loss) + 1.0))
            through_state = _influence.gradient(state_gradient, influence)
            total = {
                name: total[name] + direct[name] + through_state.get(name, 0.0) for name in total
            }
            influence = _influence.advance(ops, problem, params, state, x[0], influence)
            return (next_state, influence, total), ()

        influence = _influence.zeros(ops, problem, params, position.state)
        zero_gradient = tree.map(ops.zeros_like, params)
        carry, _ = ops.scan(
            add,
            (position.state, influence, zero_gradient),
            position.remaining,
        )
        gradient: Params = carry[2]
        return gradient
