"""Entries of the influence that a weight reaches within one step, for SnAp-1."""

import numpy as np

from dirgrad.components.candidates import _influence
from dirgrad.components.candidates._influence import Influence
from dirgrad.core import tree
from dirgrad.core.recurrent import UnitRecurrent
from dirgrad.core.types import Array, Ops, Params


def find(
    ops: Ops, problem: UnitRecurrent, params: Params, state: Params, inputs: Array
) -> Influence:
    """Return 1 where a weight reaches a state within one step, and 0 elsewhere.

    Each array has the shape (1, *shape of the weight). The weights, the state and the inputs are
    replaced by small numbers that are all different, because an entry may be 0 by chance: the
    weight of an input that is 0 has no effect in this step.

    Args:
        ops: Primitives of the framework.
        problem: Recurrent network of units.
        params: Parameters of the network.
        state: A state, each array (batch, n).
        inputs: Observations: (steps, batch, inputs).
    """

    def differ(like: Array, shape: tuple[int, ...]) -> Array:
        values = np.linspace(0.1, 0.2, int(np.prod(shape))) / shape[0]
        return ops.constant(values.reshape(shape), like)

    weights = tree.map(lambda leaf: differ(leaf, leaf.shape), params)
    units = tree.map(lambda leaf: differ(leaf, (1, leaf.shape[1])), state)
    x = differ(inputs, (1, inputs.shape[2]))
    mask = {}
    for target in problem.unit.state_names:
        influence = _influence.direct_influence(ops, problem, weights, units, x, target)
        mask[target] = tree.map(lambda leaf: ops.abs(ops.sign(leaf)), influence)
    return mask


def apply(influence: Influence, mask: Influence) -> Influence:
    """Return the influence where the mask is 1, and 0 elsewhere."""
    return {
        target: {name: leaf * mask[target][name] for name, leaf in by_weight.items()}
        for target, by_weight in influence.items()
    }
