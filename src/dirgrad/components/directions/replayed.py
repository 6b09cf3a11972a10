from collections.abc import Callable
from functools import partial
from math import nan
from typing import Annotated, Any

from dirgrad.components.registry import component, component_field
from dirgrad.core import closed_forms, curvature_noise, theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.directions import TiedDirection, jth_direction
from dirgrad.core.types import Array, Direction, Key, Ops, Params


@component
class Replayed:
    """Directions of another law whose weight arrays are redrawn instead of stored.

    Every array of two or more axes is drawn from its own key when its layer needs it, and drawn
    again from that key for the update. MeZO does this for finite differences (Malladi et al. 2023).
    At most one such array is in memory at a time, however deep the network is. The noise is the
    same as with the underlying law. A law that couples all entries, such as `sphere`, is applied to
    each array separately, which leaves the SNR unchanged. A law that ties directions, such as
    `orthogonal`, ties the directions of each array.
    """

    direction: Annotated[Direction, component_field("directions")]
    """The underlying law."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction: a `ReplayedArray` per weight array.

        Arrays of fewer than two axes are drawn at once, as the underlying law draws them.
        """
        return _replay(ops, key, like, partial(self.direction.draw, ops))

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        if not isinstance(self.direction, TiedDirection):
            return self.draw(ops, ops.fold_in(key, j), like)

        def draw_array(leaf_key: Key, array: Params) -> Params:
            return jth_direction(ops, self.direction, leaf_key, j, array)

        return _replay(ops, key, like, draw_array)

    def excess(self, shares: Shares) -> float:
        """Return the excess of the underlying law."""
        return closed_forms.excess(self.direction, shares)

    def excess_of_mean(self, num_directions: int, shares: Shares) -> float:
        """Return the excess of the mean over K directions of the underlying law."""
        return closed_forms.excess_of_mean(self.direction, num_directions, shares)

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of arrays that are drawn independently of each other.

        It is the value of a Gaussian direction, plus the difference from it for each array with its
        block of the Hessian: products of odd powers of two arrays have the mean 0. It is NaN for an
        underlying law that is not symmetric.
        """
        if not curvature_noise.is_symmetric(self.direction):
            return nan
        return theory.gaussian_curvature_noise(curvature) + sum(
            curvature_noise.of_law(self.direction, 1, block)
            - theory.gaussian_curvature_noise(block)
            for block in curvature.arrays()
        )

    def curvature_noise_of_mean(self, num_directions: int, curvature: Curvature) -> float:
        """Return the noise of the mean over K directions; NaN if the underlying law ties them."""
        if num_directions > 1 and isinstance(self.direction, TiedDirection):
            return nan
        single = self.curvature_noise(curvature)
        return curvature_noise.of_independent(single, num_directions, curvature)

    @property
    def is_symmetric(self) -> bool:
        return curvature_noise.is_symmetric(self.direction)

    @property
    def is_factored(self) -> bool:
        return closed_forms.is_factored(self.direction)


def _replay(
    ops: Ops, key: Key, like: Params, draw_array: Callable[[Key, Params], Params]
) -> Params:
    """Return a direction whose array i is drawn by `draw_array` from the i-th key."""

    def sampler(name: str, leaf: Array) -> Callable[[Key], Array | tree.OuterProduct]:
        return lambda key: draw_array(key, {name: leaf})[name]

    direction: Params = {}
    for i, (name, leaf) in enumerate(like.items()):
        leaf_key = ops.fold_in(key, i)
        draw_leaf = sampler(name, leaf)
        if leaf.ndim > 1:
            direction[name] = tree.ReplayedArray(leaf_key, draw_leaf)
        else:
            direction[name] = draw_leaf(leaf_key)
    return direction
