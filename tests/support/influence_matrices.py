"""Gradients from full influence matrices, for methods that keep a part of the matrix.

The influence matrix J_t holds the derivatives of the state after step t with respect to all
weights. It is J_t = I_t + D_t J_(t-1), with the Jacobians I_t and D_t of the step with respect to
the weights and to the state before the step (Williams and Zipser 1989).
"""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dirgrad import backends
from dirgrad.components.problems.rnn import Rnn
from support.cases import to_numpy
from support.sequence_tasks import TASKS, sequence_start

Arrays = dict[str, Any]


class Method(NamedTuple):
    """A method that keeps a part of the influence matrix.

    Attributes:
        mask: Map (problem, weights) -> 1 where an entry is kept and 0 elsewhere, by weight: (states
            n, *shape of the weight).
        sees_all: Whether the loss of a step multiplies all entries of J_t, and not only those that
            are kept for the next step.
    """

    mask: Callable[[Rnn, Arrays], Arrays]
    sees_all: bool


def every_entry(problem: Rnn, weights: Arrays) -> Arrays:
    """Keep all entries."""
    rows = len(problem.unit.state_names) * problem.hidden
    return {name: np.ones((rows, *leaf.shape)) for name, leaf in weights.items()}


def no_entry(problem: Rnn, weights: Arrays) -> Arrays:
    """Keep no entry."""
    return {name: 0 * leaf for name, leaf in every_entry(problem, weights).items()}


def own_unit(problem: Rnn, weights: Arrays) -> Arrays:
    """Keep all states of the unit that a weight drives."""
    n = problem.hidden
    rows = np.arange(len(problem.unit.state_names) * n) % n
    masks = {}
    for name, leaf in weights.items():
        same = rows[:, None] == np.arange(leaf.shape[-1]) % n
        inner_axes = (1,) * (leaf.ndim - 1)
        masks[name] = np.broadcast_to(
            same.reshape(len(rows), *inner_axes, -1), (len(rows), *leaf.shape)
        ).astype(float)
    return masks


def one_step(problem: Rnn, weights: Arrays) -> Arrays:
    """Keep the entries that differ from 0 after one step from a random state."""
    rng = np.random.default_rng(0)
    noise = {name: rng.normal(0, 0.1, leaf.shape) for name, leaf in weights.items()}
    state = rng.normal(size=len(problem.unit.state_names) * problem.hidden)
    step = step_of_an_example(problem)
    influence = jax.jacrev(step)(noise, state, rng.normal(size=problem.num_inputs))
    return {name: (np.abs(leaf) > 0).astype(float) for name, leaf in influence.items()}


METHODS = {
    "rtrl": Method(every_entry, sees_all=True),
    "immediate": Method(no_entry, sees_all=True),
    "diagonal_rtrl": Method(own_unit, sees_all=True),
    "snap_1": Method(one_step, sees_all=False),
}


def step_of_an_example(problem: Rnn) -> Callable[[Arrays, Any, Any], Any]:
    """Return the map (weights, state (states n,), inputs) -> state after the step."""
    ops, names = backends.load("jax", 1, "float64").ops, problem.unit.state_names

    def step(weights: Arrays, state: Any, x: Any) -> Any:
        before = dict(zip(names, state.reshape(len(names), 1, -1), strict=True))
        after = problem.unit.update(ops, weights, before, x[None], operator.matmul)
        return jnp.concatenate([after[name][0] for name in names])

    return step


def summed_gradient(task: str, method: Method) -> dict[str, np.ndarray]:
    """Return the sum over all steps of the gradients that a method gives."""
    backend = backends.load("jax", 1, "float64")
    start = sequence_start(backend, TASKS[task])
    problem: Any = start.problem
    weights = {name: leaf for name, leaf in start.params.items() if not name.endswith("_out")}
    mask = method.mask(problem, weights)
    step, n = step_of_an_example(problem), problem.hidden
    jacobians = jax.vmap(jax.jacrev(step, argnums=(0, 1)), in_axes=(None, 0, 0))

    def loss(params: Arrays, state: Any, x: Any) -> Any:
        return x[2] * backend.ops.cross_entropy(
            state[:, :n] @ params["weight_out"] + params["bias_out"], x[1]
        )

    def advance(carry: Any, x: Any) -> tuple[Any, tuple[()]]:
        state, kept, total = carry
        immediate, dynamics = jacobians(weights, state, x[0])
        influence = {
            name: leaf + jnp.einsum("bst,bt...->bs...", dynamics, kept[name])
            for name, leaf in immediate.items()
        }
        kept = {name: leaf * mask[name] for name, leaf in influence.items()}
        state = jax.vmap(step, in_axes=(None, 0, 0))(weights, state, x[0])
        gradient, by_state = jax.grad(loss, argnums=(0, 1))(start.params, state, x)
        for name, leaf in (influence if method.sees_all else kept).items():
            gradient[name] += jnp.einsum("bs,bs...->...", by_state, leaf)
        return (state, kept, jax.tree.map(jnp.add, total, gradient)), ()

    state = jnp.concatenate([start.state[name] for name in problem.unit.state_names], axis=1)
    zero = {name: jnp.zeros((len(state), *leaf.shape)) for name, leaf in mask.items()}
    carry = (state, zero, jax.tree.map(jnp.zeros_like, start.params))
    (_, _, total), _ = jax.lax.scan(advance, carry, start.remaining)
    return to_numpy(backend, total)
