"""Gradients of the steps of a sequence, for candidates that follow an influence."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dirgrad.components.candidates import _influence
from dirgrad.components.candidates._influence import Influence
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition, UnitRecurrent
from dirgrad.core.types import Batch, Ops, Params


class Step(NamedTuple):
    """A step of a sequence.

    Attributes:
        state: State after the step.
        influence: Influence after the step.
        direct: Gradient of the loss of the step without the influence.
        through_state: Gradient through the influence, for each weight that drives a unit.
    """

    state: Params
    influence: Influence
    direct: Params
    through_state: Params


def network_of_units(position: SequencePosition, name: str) -> UnitRecurrent:
    """Return the problem of a position.

    Raises:
        NotImplementedError: The problem has no units, and the candidate `name` needs them.
    """
    if not isinstance(position.problem, UnitRecurrent):
        raise NotImplementedError(
            f"{name} needs a recurrent network of units, and this problem has no units"
        )
    return position.problem


def sum_over_steps(
    ops: Ops,
    position: SequencePosition,
    problem: UnitRecurrent,
    take: Callable[[Params, Influence, Batch], Step],
) -> Params:
    """Return the sum of the gradients of all remaining steps, like the parameters.

    Args:
        ops: Primitives of the framework.
        position: Position in a sequence.
        problem: Its problem.
        take: Map (state, influence, observations of a step) -> the step.
    """

    def add(carry: Any, x: Batch) -> tuple[Any, tuple[()]]:
        state, influence, total = carry
        step = take(state, influence, x)
        total = {
            name: total[name] + step.direct[name] + step.through_state.get(name, 0.0)
            for name in total
        }
        return (step.state, step.influence, total), ()

    influence = _influence.zeros(ops, problem, position.params, position.state)
    zero_gradient = tree.map(ops.zeros_like, position.params)
    carry, _ = ops.scan(add, (position.state, influence, zero_gradient), position.remaining)
    gradient: Params = carry[2]
    return gradient
