from math import sqrt
from typing import Any

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.registry import component
from dirgrad.core import theory, tree
from dirgrad.core.closed_forms import Shares
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.types import Array, Key, Ops, Params


@component
class Orthogonal:
    """Groups of n mutually orthogonal directions of length sqrt(d), uniform over all such groups.

    The directions 0 to n - 1 of an estimate are a group, the next n are another one, and groups
    are independent. Each direction is uniform on the sphere of radius sqrt(d), so E[v v^T] = I.
    The mean of (g . v) v over K <= n directions is d/K times the projection of g on K uniform
    dimensions. Its SNR is K / (d - K), against K / (d - 1) for independent directions. It has no
    noise for K = d.

    Derivation: let x_i be a normal vector in the coordinates i to d - 1, and let H_i be the
    Householder reflection that maps the unit vector e_i to a multiple of x_i. Then H_0 e_0 is
    uniform on the unit sphere, up to its sign. By induction the other columns of
    H_0 H_1 ... H_(n-1) are uniform in the complement of the columns before, since H_0 maps
    e_1, ..., e_(d-1) to a basis of the complement of H_0 e_0. With independent signs the columns
    are the first n columns of a Haar matrix, the factor Q of a normal matrix. A product of
    reflections is orthogonal up to rounding, in float32 too.

    A direction takes n draws of d entries and holds one of them at a time.
    """

    count: PositiveInt
    """Number of directions in a group, n. It must not exceed d."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        """Draw the first direction of a group."""
        return self.draw_tied(ops, key, 0, like)

    def draw_tied(self, ops: Ops, key: Key, j: Any, like: Params) -> Params:
        """Draw column j modulo n of group j // n.

        Raises:
            NotImplementedError: A group has more directions than there are parameters.
        """
        leaf, dimension = tree.first_leaf(like), tree.num_entries(like)
        if self.count > dimension:
            raise NotImplementedError(
                f"{self.count} directions cannot be orthogonal in {dimension} dimensions: "
                f"set `count` of `orthogonal` to at most {dimension}"
            )
        group_key = ops.fold_in(key, j // self.count)
        index = j % self.count

        def reflect(v: Array, i: Array) -> tuple[Array, tuple[()]]:
            normal = ops.normal(ops.fold_in(group_key, i), dimension, leaf)
            return _reflect(ops, normal, i, v), ()

        sign = ops.signs(ops.fold_in(group_key, self.count + index), 1, leaf)
        zero = ops.arange(1)[0]
        unit = ops.one_hot(zero + index, dimension, leaf)
        # A reflection H_i does not move e_j for j < i, so all columns take the same n reflections.
        column, _ = ops.scan(reflect, sign * unit, ops.flip(ops.arange(self.count)))
        return tree.unravel(sqrt(dimension) * column, like)

    def excess(self, shares: Shares) -> float:
        """Return -1.0, since ||v||^2 = d."""
        return -1.0

    def excess_of_mean(self, num_directions: int, shares: Shares) -> float:
        """Return minus the mean size of a direction's group, which is -K for K <= n.

        Derivation: within a group v_j . v_l = 0, so that two errors have the mean product
        -||g||^2. The K^2 products of errors therefore contain d from each of the K directions,
        and -1 from each pair in one group, with j = l included. A group of s directions has s^2
        pairs.
        """
        num_groups, rest = divmod(num_directions, self.count)
        return -(num_groups * self.count**2 + rest**2) / num_directions

    def curvature_noise(self, curvature: Curvature) -> float:
        """Return the noise of a direction that is uniform on the sphere."""
        return theory.sphere_curvature_noise(len(curvature.hessian), curvature)

    def curvature_noise_of_mean(self, num_directions: int, curvature: Curvature) -> float:
        """Return E[e^T H e] for the mean e over K directions.

        Derivation: let u and w be orthonormal and uniform. E[u_a w_b u_c w_d] is a multiple of
        (d + 1) [a = c][b = d] - [a = b][c = d] - [a = d][b = c], because the sum over a = b is 0,
        and the factor 1/((d - 1) d (d + 2)) follows from E||u||^2 ||w||^2 = 1. So two directions of
        one group have the mean product d (d g^T H g - ||g||^2 tr H) / ((d - 1)(d + 2)). Directions
        of two groups are independent and have g^T H g.
        """
        d = len(curvature.hessian)
        single = self.curvature_noise(curvature)
        independent = curvature.along_gradient
        num_groups, rest = divmod(num_directions, self.count)
        in_one_group = num_groups * self.count**2 + rest**2 - num_directions
        in_two_groups = num_directions**2 - in_one_group - num_directions
        total = num_directions * single + in_two_groups * independent
        if in_one_group:
            tied = d * (d * independent - curvature.trace_term) / ((d - 1) * (d + 2))
            total += in_one_group * tied
        return total / num_directions**2

    def cosine(self, dimension: int) -> float:
        """Return the cosine of a direction that is uniform on the sphere."""
        return theory.uniform_cosine(dimension)


def _reflect(ops: Ops, normal: Array, i: Array, v: Array) -> Array:
    """Return H v for the Householder reflection H that maps e_i to a multiple of x.

    Here x has the entries of `normal` from i on, and the sign of its entry i is positive. Then
    u = x + ||x|| e_i is a sum without cancellation, and H = I - 2 u u^T / ||u||^2.
    """
    positions = ops.constant(np.arange(len(normal)), normal)
    x = normal * (positions >= i)
    unit = ops.one_hot(i, len(normal), normal)
    pivot = ops.sum(x * unit)
    norm = ops.sqrt(ops.sum(x * x))
    u = x + (norm + ops.abs(pivot) - pivot) * unit
    # The addend, the smallest normal number of float32, leaves v as it is where x is 0.
    return v - 2 * ops.sum(u * v) / (ops.sum(u * u) + 1.2e-38) * u
