"""A network as a chain of blocks, where each block has outputs and a loss of its own."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from dirgrad.core.types import Array, Batch, Ops, Params, Problem


class Block(NamedTuple):
    """A part of a network with a head, which computes outputs from the features of the part.

    Attributes:
        names: Names of the parameters of the part.
        head_names: Names of the parameters of the head.
        features: Map (ops, parameters, inputs (n, ...)) -> features (n, ...). They are the inputs
            of the next block.
        head: Map (ops, parameters, features) -> outputs, the input of the criterion.
    """

    names: tuple[str, ...]
    head_names: tuple[str, ...]
    features: Callable[[Ops, Params, Array], Array]
    head: Callable[[Ops, Params, Array], Array]


@runtime_checkable
class LocalProblem(Problem, Protocol):
    """A network in which every block has a head of its own.

    The outputs of the network are the outputs of its last block. The heads of the other blocks take
    no part in them.
    """

    def blocks(self) -> tuple[Block, ...]:
        """Return the blocks in their order."""


def of_problem(problem: Problem) -> tuple[Block, ...]:
    """Return the blocks of a network.

    Raises:
        NotImplementedError: The blocks of the problem have no heads.
    """
    if not isinstance(problem, LocalProblem):
        raise NotImplementedError(
            f"a local loss needs a head behind every block, and {type(problem).__name__} has none: "
            "use a problem with heads, such as `mlp_with_heads`"
        )
    return problem.blocks()


def whole(problem: Problem, params: Params, batch: Batch) -> tuple[Block, ...]:
    """Return a network as one block, which has no part before its head."""

    def identity(ops: Ops, _: Params, inputs: Array) -> Array:
        return inputs

    def outputs(ops: Ops, head_params: Params, inputs: Array) -> Array:
        return problem.outputs(ops, head_params, (inputs, *batch[1:]))

    return (Block((), tuple(params), identity, outputs),)


def select(params: Params, names: tuple[str, ...]) -> Params:
    """Return the parameters with these names."""
    return {name: params[name] for name in names}
