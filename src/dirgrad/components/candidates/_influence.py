"""Influence of each weight on the unit that it drives, for diagonal RTRL and SnAp-1.

Influences on other units are ignored.
"""

from typing import TypeAlias

from dirgrad.core import tree
from dirgrad.core.recurrent import UnitRecurrent
from dirgrad.core.types import Array, Ops, Params

Influence: TypeAlias = dict[str, Params]
"""Derivative of a unit's state with respect to each weight that drives the unit.

The first key is the name of the state, the second the name of the weight. Each array has the shape
(batch, *shape of the weight).
"""


def zeros(ops: Ops, problem: UnitRecurrent, params: Params, state: Params) -> Influence:
    """Return the influence on a state that does not depend on the weights."""
    batch = tree.first_leaf(state).shape[0]

    def zero(weight: Array) -> Array:
        return ops.zeros((batch, *weight.shape), weight)

    weights = _driving_weights(params)
    return {name: tree.map(zero, weights) for name in problem.unit.state_names}


def advance(
    ops: Ops,
    problem: UnitRecurrent,
    params: Params,
    state: Params,
    x: Array,
    influence: Influence,
) -> Influence:
    """Return the influence after one step.

    It has two terms: the old influence, carried on through each unit's dependence on its own
    state, and the direct effect of the weights in this step.

    Args:
        ops: Primitives of the framework.
        problem: Recurrent network of units.
        params: Parameters of the network.
        state: State before the step, each array (batch, n).
        x: Observation of the step, (batch, inputs).
        influence: Influence before the step.
    """
    after = {
        target: direct_influence(ops, problem, params, state, x, target) for target in influence
    }
    for source, by_weight in influence.items():
        derivatives = _own_derivatives(ops, problem, params, state, x, source)
        for target, derivative in derivatives.items():
            after[target] = {
                name: after[target][name] + _scale_by_unit(derivative, leaf)
                for name, leaf in by_weight.items()
            }
    return after


def gradient(state_gradient: Params, influence: Influence) -> Params:
    """Return the gradient through the state, for each weight that drives a unit.

    Args:
        state_gradient: Gradient of the loss with respect to the state, each array (batch, n).
        influence: Influence of the weights on that state.
    """
    parts = []
    for state_name, by_weight in influence.items():
        unit_gradient = state_gradient[state_name]
        part = {
            name: _scale_by_unit(unit_gradient, leaf).sum(0) for name, leaf in by_weight.items()
        }
        parts.append(part)
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def direct_influence(
    ops: Ops,
    problem: UnitRecurrent,
    params: Params,
    state: Params,
    x: Array,
    target: str,
) -> Params:
    """Return the effect of the weights in this step on the state named `target`."""

    def multiply(h: Array, weight: Array) -> Array:
        return h @ weight

    def differentiate(example_state: Params, example_x: Array) -> Params:
        batch_of_one = tree.map(lambda leaf: leaf[None], example_state)

        # A weight drives a single unit, so the derivative of the sum over all units is the
        # derivative of that unit.
        def total(weights: Params) -> Array:
            after = problem.unit.update(ops, weights, batch_of_one, example_x[None], multiply)
            return ops.sum(after[target])

        _, weight_gradient = ops.value_and_grad(total)(_driving_weights(params))
        return weight_gradient

    influence: Params = ops.vmap(differentiate)(state, x)
    return influence


def _driving_weights(params: Params) -> Params:
    """Return all parameters but the output layer's."""
    return {name: leaf for name, leaf in params.items() if not name.endswith("_out")}


def _own_derivatives(
    ops: Ops,
    problem: UnitRecurrent,
    params: Params,
    state: Params,
    x: Array,
    source: str,
) -> Params:
    """Differentiate each unit's next states by the unit's own state `source`: (batch, n) each."""
    unit = problem.unit
    h = state[unit.state_names[0]]

    def multiply(perturbed_h: Array, weight: Array) -> Array:
        # Only the weight from a unit to itself sees the perturbation.
        blocks = weight.reshape(problem.hidden, unit.gates, problem.hidden)
        self_weights = ops.batched_diagonal(blocks)
        unperturbed = h @ weight
        change = (perturbed_h - h)[:, None, :] * self_weights
        return unperturbed + change.reshape(h.shape[0], -1)

    def update(perturbed_state: Params) -> Params:
        return unit.update(ops, params, perturbed_state, x, multiply)

    tangent = {name: ops.zeros_like(leaf) + float(name == source) for name, leaf in state.items()}
    derivatives: Params = ops.jvp(update, (state,), (tangent,))[1]
    return derivatives


def _scale_by_unit(unit_values: Array, influence: Array) -> Array:
    """Multiply each influence (batch, ..., gates n) by the value of its unit (batch, n)."""
    batch, n = unit_values.shape
    by_unit = influence.reshape(batch, -1, n)
    return (by_unit * unit_values[:, None, :]).reshape(influence.shape)
