from typing import Any, ClassVar, NamedTuple

from pydantic import PositiveInt

from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition, StateRule
from dirgrad.core.types import Array, Batch, Direction, Estimate, Ops, Params, VectorSampler

SMALL = 1e-7
"""Constant added to the norms in a quotient, as in the paper."""


class RankOneInfluence(NamedTuple):
    """Outer product that estimates the derivative of the state with respect to the parameters."""

    state: Params
    params: Params


def _no_influence(
    ops: Ops, position: SequencePosition, _: Any, draw: VectorSampler
) -> RankOneInfluence:
    """Return the influence on the first state, which is 0."""
    state = tree.map(ops.zeros_like, position.state)
    params = tree.map(ops.zeros_like, position.params)
    return RankOneInfluence(state, params)


@component
class Uoro:
    """Unbiased online recurrent optimization, UORO (Tallec and Ollivier 2017, Algorithm 1).

    The influence of the parameters on the state is stored as one outer product. Every step
    compresses it to rank one with random signs. The states of a minibatch count as one state.

    Estimates: The estimate of the gradient is unbiased while the parameters do not change.
    Cost: Each step takes one JVP and two VJPs of that step.
    Assumes: The problem is recurrent, and `window` divides the length of the sequence.
    """

    direction: ClassVar[Direction] = Rademacher()
    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    state_rule: ClassVar[StateRule] = StateRule(start=_no_influence)
    window: PositiveInt | None = None
    """W, the number of steps between updates. It must divide the length of the sequence. null is
    the whole sequence."""

    def estimate_window(
        self, ops: Ops, position: SequencePosition, state: RankOneInfluence, draw: VectorSampler
    ) -> tuple[Estimate, Params, RankOneInfluence]:
        def step(carry: Any, inputs: tuple[Array, Batch]) -> tuple[Any, Array]:
            problem_state, influence, total = carry
            j, x = inputs
            before = position._replace(state=problem_state)
            tangent, slope = _push(ops, before, influence.state, x)
            next_state, loss, signs, signs_gradient, loss_gradient = _pull(ops, before, x, draw, j)
            total = tree.axpy(ops, slope, influence.params, total)
            total = tree.axpy(ops, 1.0, loss_gradient, total)
            influence = _compress(ops, influence.params, tangent, signs, signs_gradient)
            return (next_state, influence, total), loss

        num_steps = position.remaining[0].shape[0]
        zero = tree.map(ops.zeros_like, position.params)
        (problem_state, influence, total), losses = ops.scan(
            step,
            (position.state, state, zero),
            (ops.arange(num_steps), position.remaining),
        )
        return Estimate(ops.sum(losses), 1.0, total), problem_state, influence


def _push(
    ops: Ops,
    position: SequencePosition,
    state_tangent: Params,
    x: Batch,
) -> tuple[Params, Array]:
    """Return the tangent of the next state and of the loss along a tangent of the state."""
    problem = position.problem
    params_tangent = tree.map(ops.zeros_like, position.params)
    _, (next_tangent, slope) = ops.jvp(
        lambda params, state: problem.advance(ops, params, state, x),
        (position.params, position.state),
        (params_tangent, state_tangent),
    )
    return next_tangent, slope


def _pull(
    ops: Ops,
    position: SequencePosition,
    x: Batch,
    draw: VectorSampler,
    j: Array,
) -> tuple[Params, Array, Params, Params, Params]:
    """Return (next state, loss, signs, gradient of signs . next state, gradient of the loss)."""
    problem = position.problem
    (next_state, loss), pull = ops.vjp(
        lambda params: problem.advance(ops, params, position.state, x),
        position.params,
    )
    # A problem of a single step may have no state, and a law cannot draw an empty vector.
    signs = draw(j, next_state) if next_state else {}
    (signs_gradient,) = pull((signs, ops.zeros((), loss)))
    zero_state = tree.map(ops.zeros_like, next_state)
    (loss_gradient,) = pull((zero_state, ops.zeros((), loss) + 1.0))
    return next_state, loss, signs, signs_gradient, loss_gradient


def _compress(
    ops: Ops,
    params: Params,
    tangent: Params,
    signs: Params,
    signs_gradient: Params,
) -> RankOneInfluence:
    """Return the rank-one influence after a step, which is unbiased over the random signs.

    An empty state has no influence to compress.
    """
    if not signs:
        return RankOneInfluence(tangent, params)
    # The factors rho do not change the mean. These values minimize the variance.
    rho_0 = ops.sqrt(_ratio(ops, params, tangent))
    rho_1 = ops.sqrt(_ratio(ops, signs_gradient, signs))
    return RankOneInfluence(
        tree.axpy(ops, rho_1, signs, tree.scale(rho_0, tangent)),
        tree.axpy(ops, 1 / rho_1, signs_gradient, tree.scale(1 / rho_0, params)),
    )


def _ratio(ops: Ops, x: Params, y: Params) -> Array:
    """Return ||x|| / ||y||, safe against division by 0: ()."""
    return (tree.norm(ops, x) + SMALL) / (tree.norm(ops, y) + SMALL)
