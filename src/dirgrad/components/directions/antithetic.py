from typing import Annotated, Any

from dirgrad.components.registry import component, component_field, default
from dirgrad.core import closed_forms, curvature_noise, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.directions import jth_direction
from dirgrad.core.types import Direction, Key, Ops, Params


@component
class Antithetic:
    """Pairs of opposite directions: the directions 2i and 2i + 1 of an estimate are v_i and -v_i.

    The v_i follow another law. A last direction without a partner is v_i. E[v v^T] = I. For exact
    slopes (g . v) v is the same for v and -v, so K directions have the SNR of K/2 directions of
    the other law. For forward differences the mean over a pair is the central difference along
    v_i, because the even terms of Taylor's series cancel.

    If the v_i are independent with the SNR 1/r, then K directions have the SNR K/(2r) for even K
    and K^2/((2K - 1) r) for odd K.
    """

    direction: Annotated[Direction, component_field("directions")] = default(
        "directions", "gaussian"
    )
    """Law of the v_i."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw a direction of the other law."""
        return self.direction.draw(ops, key, like)

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        sign = 1 - 2 * (j % 2)
        return tree.scale(sign, jth_direction(ops, self.direction, key, j // 2, like))

    def excess(self, shares: Shares) -> float:
        """Return the excess of the other law."""
        return closed_forms.excess(self.direction, shares)

    def excess_of_mean(self, num_directions: int, shares: Shares) -> float:
        """Return the excess of the mean over K directions, most of them in pairs.

        Derivation: let S_n be the sum of (g . v_i) v_i over i < n, and let x_n be the excess of n
        directions of the other law, so that V_n = E||S_n - n g||^2 / ||g||^2 = n (d + x_n). For
        K = 2n the sum over all directions is 2 S_n, with the error 4 V_n. For K = 2n + 1 it is
        S_n + S_(n+1). Since S_(n+1) - S_n has the error V_1, the error of this sum is
        2 V_n + 2 V_(n+1) - V_1. The error divided by K is d plus the result.
        """
        d = closed_forms.dimension(shares)

        def error_of_sum(n: int) -> float:
            if n == 0:
                return 0.0
            return n * (d + closed_forms.excess_of_mean(self.direction, n, shares))

        num_pairs, num_alone = divmod(num_directions, 2)
        with_pairs = error_of_sum(num_pairs) + error_of_sum(num_pairs + num_alone)
        error = 2 * with_pairs - num_alone * error_of_sum(1)
        return error / num_directions - d

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of a direction of the other law."""
        return curvature_noise.of_law(self.direction, 1, curvature)

    def curvature_noise_of_mean(self, num_directions: int, curvature: Curvature) -> float:
        """Return E[e^T H e] for the mean e over K directions, most of them in pairs.

        The derivation of `excess_of_mean` holds with E[S_n^T H S_n] instead of the error V_n.
        """

        def of_sum(n: int) -> float:
            if n == 0:
                return 0.0
            return n**2 * curvature_noise.of_law(self.direction, n, curvature)

        num_pairs, num_alone = divmod(num_directions, 2)
        with_pairs = of_sum(num_pairs) + of_sum(num_pairs + num_alone)
        return (2 * with_pairs - num_alone * of_sum(1)) / num_directions**2

    @property
    def is_symmetric(self) -> bool:
        return curvature_noise.is_symmetric(self.direction)

    @property
    def is_factored(self) -> bool:
        return closed_forms.is_factored(self.direction)
