"""A law of directions that is defined outside the package."""

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Key, Ops, Params


@component
class Ternary:
    """Entries -sqrt(2), 0 or sqrt(2), with the probabilities 1/4, 1/2 and 1/4."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        size = tree.num_entries(like)
        first, second = ops.signs(key, 2 * size, tree.first_leaf(like)).reshape(2, size)
        return tree.unravel((first + second) / 2**0.5, like)

    def excess(self, shares: Shares) -> float:
        return 2.0 - 2.0
