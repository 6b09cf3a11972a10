from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.types import Key, Ops, Params


@component
class FrameworkGaussian:
    """Independent N(0, 1) entries by the framework's own generator: what others draw, and so what speed is held against. In JAX
    that is threefry; in PyTorch it is the same as `gaussian`."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return tree.unravel(ops.native_normal(key, tree.size(like), tree.first_leaf(like)), like)
