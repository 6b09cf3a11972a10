from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad import tree
from dirgrad.catalogue import component
from dirgrad.types import Array, Batch, Ops, Params, Place, Unitwise


@component
class DiagonalRtrl:
    """The gradient by real-time recurrent learning that follows each weight's influence on its own unit alone, and that of
    the unit on itself: the influence is as large as the weights, per example (SnAp-1, Menick et al. 2021).

    It begins without influence at the first of the observations ahead. For recurrent networks of units.
    """

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    remembers: ClassVar[bool] = False
    passes: ClassVar[int] = 1

    def propose(self, ops: Ops, place: Place, past: Any, draw: Callable[[], Params]) -> Params:
        problem, params = place.problem, place.params
        if not isinstance(problem, Unitwise):
            raise NotImplementedError("diagonal_rtrl follows the units of a recurrent network: this problem has none")
        parts = problem.unit.parts
        first = {part: problem.immediate(ops, params, place.state, place.ahead[0][0], part) for part in parts}

        def add(carry: Any, x: Batch) -> tuple[Any, tuple[()]]:
            state, influence, total = carry
            (state_after, loss), pull = ops.vjp(lambda p, s: problem.advance(ops, p, s, x), params, state)
            found, on_state = pull((tree.each(ops.zeros_like, state_after), ops.zeros((), loss) + 1.0))
            for part in parts:
                found |= {name: found[name] + _met(on_state[part], leaf) for name, leaf in influence[part].items()}
            return (state_after, self._moved(ops, problem, params, state, x[0], influence), tree.axpy(ops, 1.0, found, total)), ()

        none = {part: tree.each(ops.zeros_like, leaves) for part, leaves in first.items()}
        carry = (place.state, none, tree.each(ops.zeros_like, params))
        (_, _, total), _ = ops.scan(add, carry, place.ahead)
        found: Params = total
        return found

    def _moved(self, ops: Ops, problem: Unitwise, params: Params, state: Params, seen: Array, influence: dict[str, Params]) -> Any:
        """The influences on every part of the state after a step: those before it through the unit itself, and the step's own."""
        after = {part: problem.immediate(ops, params, state, seen, part) for part in influence}
        for source, leaves in influence.items():
            for part, own in problem.own(ops, params, state, seen, source).items():
                after[part] = {name: after[part][name] + _scaled(own, leaf) for name, leaf in leaves.items()}
        return after


def _scaled(unit: Array, influence: Array) -> Array:
    """Each influence times the value of its unit. unit: (batch, n); influence: (batch, ..., gates n)."""
    return (influence.reshape(*unit.shape[:1], -1, unit.shape[1]) * unit[:, None, :]).reshape(influence.shape)


def _met(on_state: Array, influence: Array) -> Array:
    """The part of the gradient that comes through the state: (..., gates n)."""
    return _scaled(on_state, influence).sum(0)
