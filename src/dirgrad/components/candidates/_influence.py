"""The influence of weights on the units that they drive, of each on its own unit alone: what a diagonal RTRL carries along."""

from typing import TypeAlias

from dirgrad.core import tree
from dirgrad.core.recurrent import UnitRecurrent
from dirgrad.core.types import Array, Ops, Params

Influence: TypeAlias = dict[str, Params]
"""By part of the state: the derivative of a unit by each weight that drives it, (batch, *shape of the weight)."""


def zeros(ops: Ops, problem: UnitRecurrent, params: Params, state: Params) -> Influence:
    """That of a state that is given."""
    examples = tree.first_leaf(state).shape[0]
    return {
        part: tree.map(lambda leaf: ops.zeros((examples, *leaf.shape), leaf), _driving(params))
        for part in problem.unit.state_names
    }


def advance(
    ops: Ops, problem: UnitRecurrent, params: Params, state: Params, seen: Array, before: Influence
) -> Influence:
    """That after a step: what was there before it, through the unit itself, and what the weights do in the step."""
    found = {part: _immediate(ops, problem, params, state, seen, part) for part in before}
    for source, leaves in before.items():
        for part, own in _own(ops, problem, params, state, seen, source).items():
            found[part] = {
                name: found[part][name] + _scaled(own, leaf) for name, leaf in leaves.items()
            }
    return found


def gradient(on_state: Params, influence: Influence) -> Params:
    """The part of the gradient that comes through the state, whose own gradient is `on_state`: like the weights."""
    parts = [
        {name: _scaled(on_state[part], leaf).sum(0) for name, leaf in leaves.items()}
        for part, leaves in influence.items()
    ]
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def _driving(params: Params) -> Params:
    return {name: leaf for name, leaf in params.items() if not name.endswith("_out")}


def _immediate(
    ops: Ops, problem: UnitRecurrent, params: Params, state: Params, seen: Array, part: str
) -> Params:
    """Of every example. A weight drives one unit, so that the derivative of the sum over units is that of its own."""

    def of(one: Params, x: Array) -> Params:
        single = tree.map(lambda leaf: leaf[None], one)

        def total(weights: Params) -> Array:
            return ops.sum(
                problem.unit.update(ops, weights, single, x[None], lambda h, weight: h @ weight)[
                    part
                ]
            )

        return ops.value_and_grad(total)(_driving(params))[1]

    found: Params = ops.vmap(of)(state, seen)
    return found


def _own(
    ops: Ops, problem: UnitRecurrent, params: Params, state: Params, seen: Array, part: str
) -> Params:
    """The derivative of each unit's next state, by part, by its own `part` of the state: (batch, n)."""
    h, unit = state[problem.unit.state_names[0]], problem.unit

    def product(moved: Array, weight: Array) -> Array:
        alone = ops.batched_diagonal(weight.reshape(problem.hidden, unit.gates, problem.hidden))
        return h @ weight + ((moved - h)[:, None, :] * alone).reshape(h.shape[0], -1)

    only = {name: ops.zeros_like(leaf) + float(name == part) for name, leaf in state.items()}
    found: Params = ops.jvp(
        lambda s: unit.update(ops, params, s, seen, product), (state,), (only,)
    )[1]
    return found


def _scaled(unit: Array, influence: Array) -> Array:
    """Each influence times the value of its unit. unit: (batch, n); influence: (batch, ..., gates n)."""
    return (influence.reshape(*unit.shape[:1], -1, unit.shape[1]) * unit[:, None, :]).reshape(
        influence.shape
    )
