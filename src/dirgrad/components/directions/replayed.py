from collections.abc import Callable
from typing import Annotated

from dirgrad.components.registry import component, component_field
from dirgrad.core import closed_forms, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.types import Array, Direction, Key, Ops, Params


@component
class Replayed:
    """Directions of another law whose weight arrays are redrawn instead of stored.

    Every array of two or more axes is drawn from its own key when its layer needs it, and drawn
    again from that key for the update. MeZO does this for finite differences (Malladi et al. 2023).
    At most one such array is in memory at a time, however deep the network is. The noise is the
    same as with the underlying law. A law that couples all entries, such as `sphere`, is applied to
    each array separately, which leaves the SNR unchanged.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The underlying law."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: a `ReplayedArray` per weight array.

        Arrays of fewer than two axes are drawn at once, as the underlying law draws them.
        """
        direction: Params = {}
        for i, (name, leaf) in enumerate(like.items()):
            leaf_key = ops.fold_in(key, i)
            if leaf.ndim > 1:
                direction[name] = tree.ReplayedArray(leaf_key, self._sampler(ops, name, leaf))
            else:
                direction[name] = self._sampler(ops, name, leaf)(leaf_key)
        return direction

    def _sampler(
        self, ops: Ops, name: str, leaf: Array
    ) -> Callable[[Key], Array | tree.OuterProduct]:
        def sample(key: Key) -> Array | tree.OuterProduct:
            return self.direction.draw(ops, key, {name: leaf})[name]

        return sample

    def excess(self, shares: Shares) -> float:
        """Return the excess of the underlying law."""
        return closed_forms.excess(self.direction, shares)

    @property
    def is_factored(self) -> bool:
        return closed_forms.is_factored(self.direction)
