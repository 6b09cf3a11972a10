from math import sqrt

from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class Sphere:
    """Uniform on the sphere of radius sqrt(d) over all d parameters. SNR of K directions: K / (d - 1)."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        normal = ops.normal(key, tree.size(like), tree.first_leaf(like))
        return tree.unravel(
            sqrt(tree.size(like)) / ops.sqrt(ops.sum(normal * normal)) * normal, like
        )
