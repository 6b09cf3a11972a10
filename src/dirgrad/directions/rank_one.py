from math import prod

from dirgrad import tree
from dirgrad.catalogue import component
from dirgrad.types import Array, Key, Ops, Params


@component
class RankOne:
    """Of every array of two axes or more a b^T with independent signs a and b, of others signs: E[v v^T] = I, since signs are
    independent in pairs. A draw costs some sqrt(d) signs, and the d entries are never formed: not in the tangent, the estimate or
    the update of SGD. ||v||^2 = d as of signs. SNR of K directions in dimension d: K / (d - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        counts = {name: leaf.shape[0] + prod(leaf.shape[1:]) if leaf.ndim > 1 else prod(leaf.shape) for name, leaf in like.items()}
        signs, first, found = ops.signs(key, sum(counts.values()), tree.any_leaf(like)), 0, {}
        for name, leaf in like.items():
            mine = signs[first : first + counts[name]]
            first += counts[name]
            found[name] = _outer(mine, leaf.shape) if leaf.ndim > 1 else mine.reshape(leaf.shape)
        return found


def _outer(signs: Array, shape: tuple[int, ...]) -> tree.Outer:
    return tree.Outer(signs[: shape[0]], signs[shape[0] :].reshape(shape[1:]))
