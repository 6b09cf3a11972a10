from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.candidates import _influence
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition, UnitRecurrent
from dirgrad.core.types import Batch, Ops, Params


@component
class DiagonalRtrl:
    """The gradient by real-time recurrent learning that follows each weight's influence on its own unit alone, and that of
    the unit on itself: the influence is as large as the weights, per example (SnAp-1, Menick et al. 2021).

    It begins without influence at the first of the observations ahead. For recurrent networks of units.
    """

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 1

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params]
    ) -> Params:
        problem, params = place.problem, place.params
        if not isinstance(problem, UnitRecurrent):
            raise NotImplementedError(
                "diagonal_rtrl follows the units of a recurrent network: this problem has none"
            )

        def add(carry: Any, x: Batch) -> tuple[Any, tuple[()]]:
            state, carried, total = carry
            (next_state, loss), pull = ops.vjp(
                lambda p, s: problem.advance(ops, p, s, x), params, state
            )
            direct, on_state = pull(
                (tree.map(ops.zeros_like, next_state), ops.zeros((), loss) + 1.0)
            )
            through = _influence.gradient(on_state, carried)
            total = {name: total[name] + direct[name] + through.get(name, 0.0) for name in total}
            return (
                next_state,
                _influence.advance(ops, problem, params, state, x[0], carried),
                total,
            ), ()

        carry = (
            place.state,
            _influence.zeros(ops, problem, params, place.state),
            tree.map(ops.zeros_like, params),
        )
        (_, _, total), _ = ops.scan(add, carry, place.remaining)
        found: Params = total
        return found
