from math import nan, prod, sqrt
from typing import ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from dirgrad.components.directions import _chosen_group
from dirgrad.components.directions._chosen_group import DRAWN
from dirgrad.components.directions.low_rank import LowRank
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.registry import component
from dirgrad.core import group_noise, layers
from dirgrad.core.closed_forms import Shares, dimension
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.directions import ParameterGroup, Shapes, shapes
from dirgrad.core.types import Array, Key, Ops, Params


@component
class OneLayer:
    """Outer products of signs in one layer, which is chosen at random, and zeros in all others.

    A layer l is chosen with the probability p_l. Its direction is drawn as by `rank_one`, or as by
    `low_rank` if the rank r is above 1, and divided by sqrt(p_l). So E[v v^T] = I. The layers
    before it have no tangent, and the update changes one layer only. The names of the parameters
    define the layers: `weight_0` and `bias_0` form the layer `0` (see `core/layers.py`).

    Let layer l have d_l parameters and the gradient g_l. For r = 1, E||e - g||^2 for one direction
    is sum_l d_l ||g_l||^2 / p_l - ||g||^2. For p_l proportional to d_l it equals the value of
    independent signs, for every gradient. It is smallest for p_l proportional to sqrt(d_l) ||g_l||,
    and then at most this value. Equal p_l may give more or less; they favor the last layers, whose
    derivatives are cheap, over larger ones before them. Randomized coordinate descent chooses
    blocks in the same way (Nesterov 2012).

    The stable rate and the progress of a step depend on E[e^T H e] for the Hessian H (see
    `curvature_noise`). It depends on the curvature of each layer and not on its size. The last
    layers of a network have few parameters and much curvature, so p_l by size is noisy. The fourth
    cumulants of outer products are multiplied by 1/p_l, and r products divide them by r. So r = 4
    needs fewer steps than r = 1, for little more work.
    """

    is_factored: ClassVar[bool] = True

    probabilities: Literal["uniform", "size"] | tuple[PositiveFloat, ...] = "uniform"
    """Probabilities of the layers: equal (`uniform`), proportional to the number of parameters
    (`size`), or proportional to the numbers of this list, one per layer or block."""
    blocks: PositiveInt | None = None
    """Number of blocks of consecutive layers. One block is chosen instead of one layer. In deep
    networks this limits the number of programs that are compiled. `null` chooses a layer."""
    rank: PositiveInt = 1
    """Number r of outer products for every weight array of the layer."""

    def groups(self, shapes: Shapes) -> tuple[ParameterGroup, ...]:
        """Return the layers or blocks with their probabilities."""
        names = layers.layers(shapes)
        if self.blocks is not None:
            names = layers.blocks(names, self.blocks)
        if len(names) < 2:
            raise NotImplementedError(
                f"directions on one layer need at least two layers, and the parameters "
                f"{', '.join(sorted(shapes))} form a single one: use the law `rank_one`"
            )
        sizes = [sum(prod(shapes[name]) for name in group) for group in names]
        weights = np.array(self._weights(sizes), float)
        probabilities = np.diff(_chosen_group.limits(weights / weights.sum())) / DRAWN
        if not probabilities.all():
            raise NotImplementedError(
                "`probabilities` of `one_layer` gives a layer a probability below 2^-31: give "
                "numbers whose sizes differ less"
            )
        return tuple(map(ParameterGroup, names, sizes, probabilities.tolist()))

    @property
    def _within_layer(self) -> RankOne | LowRank:
        return RankOne() if self.rank == 1 else LowRank(self.rank)

    def _weights(self, sizes: list[int]) -> list[int] | tuple[float, ...]:
        if self.probabilities == "uniform":
            return [1] * len(sizes)
        if self.probabilities == "size":
            return sizes
        if len(self.probabilities) != len(sizes):
            raise NotImplementedError(
                f"`probabilities` of `one_layer` has {len(self.probabilities)} numbers for "
                f"{len(sizes)} layers or blocks: give {len(sizes)}, or `uniform` or `size`"
            )
        return self.probabilities

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction, whose leaves are `ChosenArray`."""
        groups = self.groups(shapes(like))
        limits = _chosen_group.limits(np.array([group.probability for group in groups]))[1:-1]
        lengths = [1 / sqrt(group.probability) for group in groups]
        return _chosen_group.draw(ops, key, like, groups, limits, lengths, self._within_layer.draw)

    def draw_with(self, ops: Ops, key: Key, like: Params, probabilities: Array) -> Params:
        """Draw a direction with other probabilities of the groups, (groups,), whose sum is 1."""
        groups = self.groups(shapes(like))
        before = np.tri(len(groups) - 1, len(groups))
        limits = ops.constant(before, probabilities) @ probabilities * DRAWN
        lengths = [1 / ops.sqrt(probabilities[i]) for i in range(len(groups))]
        return _chosen_group.draw(ops, key, like, groups, limits, lengths, self._within_layer.draw)

    def excess(self, shares: Shares) -> float:
        """Return the relative error minus d; NaN without two layers.

        It is the error of signs (`core/group_noise.py`) plus sum_l s_l (x_l + 1) / p_l, where a
        layer has the share s_l of ||g||^2 and its law has the excess x_l, -1 for r = 1.
        """
        groups = self._groups_or_none({array.name: array.shape for array in shares})
        if groups is None:
            return nan
        arrays = [[array for array in shares if array.name in group.names] for group in groups]
        probabilities = np.array([group.probability for group in groups])
        of_signs = group_noise.relative_error(
            np.array([group.dimension for group in groups]),
            np.array([sum(array.share for array in own) for own in arrays]),
            probabilities,
        )
        # The excess of both laws is -1 plus a sum of shares.
        added = np.array([self._within_layer.excess(own) + 1 for own in arrays])
        return of_signs + float((added / probabilities).sum()) - dimension(shares)

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return sum_l N_l / p_l, with the value N_l of the law of a layer for its Hessian.

        It is NaN without two layers.
        """
        arrays = dict(zip(curvature.names, curvature.gradient, strict=False))
        groups = self._groups_or_none({name: array.shape for name, array in arrays.items()})
        if groups is None:
            return nan
        total = 0.0
        for group in groups:
            part = curvature.part([curvature.names.index(name) for name in group.names])
            total += self._within_layer.curvature_noise(part) / group.probability
        return total

    def _groups_or_none(self, shapes: Shapes) -> tuple[ParameterGroup, ...] | None:
        try:
            return self.groups(shapes)
        except NotImplementedError:
            return None
