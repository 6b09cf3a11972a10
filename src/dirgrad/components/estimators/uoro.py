from typing import Any, ClassVar, NamedTuple

from pydantic import PositiveInt

from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.recurrent import SequencePosition, VectorSampler
from dirgrad.core.types import Array, Batch, Direction, Estimate, Ops, Params

SMALL = 1e-7
"""Added to norms that are divided by, as the paper does."""


class RankOneInfluence(NamedTuple):
    """The derivative of the state by the parameters as one outer product."""

    state: Params
    params: Params


@component
class Uoro:
    """Unbiased online recurrent optimization: the influence of the parameters on the state is kept as an outer product, made
    anew at every step with random signs (Tallec and Ollivier 2017, Algorithm 1).

    Approximates: the gradient, without bias while the parameters stand. With: a JVP and two VJPs of single steps.
    The states of a minibatch are one state here.
    """

    direction: ClassVar[Direction] = Rademacher()
    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    window: PositiveInt | None = None
    """W, the steps from one update to the next; null: all of the sequence. Divides its length."""

    def init(self, ops: Ops, params: Params) -> Any:
        return ()

    def start(
        self, ops: Ops, place: SequencePosition, past: Any, draw: VectorSampler
    ) -> RankOneInfluence:
        return RankOneInfluence(
            *(tree.map(ops.zeros_like, one) for one in (place.state, place.params))
        )

    def estimate(
        self,
        ops: Ops,
        place: SequencePosition,
        past: Any,
        carried: RankOneInfluence,
        draw: VectorSampler,
    ) -> tuple[Estimate, Params, Any, RankOneInfluence]:
        problem, params = place.problem, place.params

        def step(carry: Any, now: tuple[Array, Batch]) -> tuple[Any, Array]:
            state, influence, total = carry
            j, x = now
            no_change = tree.map(ops.zeros_like, params)
            _, (pushed, slope) = ops.jvp(
                lambda p, s: problem.advance(ops, p, s, x),
                (params, state),
                (no_change, influence.state),
            )
            (after, loss), pull = ops.vjp(lambda p: problem.advance(ops, p, state, x), params)
            signs = draw(j, after)
            (seen,) = pull((signs, ops.zeros((), loss)))
            (direct,) = pull((tree.map(ops.zeros_like, after), ops.zeros((), loss) + 1.0))
            total = tree.axpy(ops, 1.0, direct, tree.axpy(ops, slope, influence.params, total))
            return (after, _renewed(ops, influence.params, pushed, signs, seen), total), loss

        steps = place.remaining[0].shape[0]
        nothing = tree.map(ops.zeros_like, params)
        (state, influence, total), losses = ops.scan(
            step, (place.state, carried, nothing), (ops.arange(steps), place.remaining)
        )
        return Estimate(ops.sum(losses), 1.0, total), state, past, influence


def _renewed(
    ops: Ops, params: Params, pushed: Params, signs: Params, seen: Params
) -> RankOneInfluence:
    """pushed params^T + signs seen^T, in the mean over signs the influence after the step, at the scale of least variance."""
    old = ops.sqrt((tree.norm(ops, params) + SMALL) / (tree.norm(ops, pushed) + SMALL))
    new = ops.sqrt((tree.norm(ops, seen) + SMALL) / (tree.norm(ops, signs) + SMALL))
    return RankOneInfluence(
        tree.axpy(ops, new, signs, tree.scale(old, pushed)),
        tree.axpy(ops, 1 / new, seen, tree.scale(1 / old, params)),
    )
