"""The j-th direction of an estimate, and laws that tie directions or choose some parameters."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from dirgrad.core import tree
from dirgrad.core.layers import Group
from dirgrad.core.types import Direction, Key, Ops, Params, VectorSampler


@runtime_checkable
class TiedDirection(Direction, Protocol):
    """A law whose directions of one estimate depend on each other.

    Its method `draw` returns a single direction, as if the estimate had no other.
    """

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params, /) -> Params:
        """Draw the j-th direction v_j of an estimate, with E[v_j v_j^T] = I for every j.

        Args:
            ops: Operations of the framework.
            key: Random key of the estimate, which all its directions share.
            j: Index of the direction, from 0: an int or an integer array ().
            like: Parameters. The direction has their names, shapes, dtype and device.

        Returns:
            The direction. Its leaves are as in `Direction.draw`.
        """


Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
"""Shapes of parameters by name."""


def shapes(params: Params) -> Shapes:
    """Return the shapes of the parameters by name."""
    return {name: leaf.shape for name, leaf in params.items()}


class ParameterGroup(NamedTuple):
    """Parameters that a direction moves together, while all others rest.

    Attributes:
        names: Their names.
        dimension: Number of their entries.
        probability: Probability of the group.
    """

    names: Group
    dimension: int
    probability: float


@runtime_checkable
class GroupDirection(Direction, Protocol):
    """A law whose direction moves one group of the parameters, which is chosen at random.

    Every leaf of a direction is a `ChosenArray`, and `groups` numbers the groups.
    """

    def groups(self, shapes: Shapes, /) -> tuple[ParameterGroup, ...]:
        """Return the groups of parameters with these names and shapes.

        Raises:
            NotImplementedError: The parameters form fewer than two groups, or do not fit the
                options of the law.
        """


def jth_direction(ops: Ops, law: Direction, key: Key, j: Any, like: Params) -> Params:
    """Draw the j-th direction of an estimate.

    Directions are independent, each with its own key, unless the law ties them.

    Args:
        ops: Operations of the framework.
        law: Law of the directions.
        key: Random key of the estimate.
        j: Index of the direction, from 0: an int or an integer array ().
        like: Parameters. The direction has their names, shapes, dtype and device.
    """
    if isinstance(law, TiedDirection):
        return law.draw_tied(ops, key, j, like)
    direction_key = ops.fold_in(key, j)
    return law.draw(ops, direction_key, like)


def vector_sampler(ops: Ops, law: Direction, key: Key) -> VectorSampler:
    """Return the map (j, like) -> j-th direction of an estimate as arrays."""

    def draw(j: Any, like: Params) -> Params:
        return tree.materialize(jth_direction(ops, law, key, j, like))

    return draw
