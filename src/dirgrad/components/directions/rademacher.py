from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class Rademacher:
    """Independent signs, the least variance among independent entries. SNR of K directions in dimension d: K / (d - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return tree.unravel(ops.signs(key, tree.size(like), tree.first_leaf(like)), like)
