"""Noise of directions that move one group of the parameters, chosen at random.

The direction is v = w / sqrt(p_l) in the group l, which has the probability p_l, and 0 elsewhere.
The vector w has random signs or another law with E[w w^T] = I, and ||w||^2 is the number of entries
d_l.
"""

import numpy as np


def relative_error(dimensions: np.ndarray, shares: np.ndarray, probabilities: np.ndarray) -> float:
    """Return E||e - g||^2 / ||g||^2 for e = (g . v) v.

    It is sum_l d_l s_l / p_l - 1, where s_l = ||g_l||^2 / ||g||^2 is the share of a group.

    Derivation: given the group l, e is (g_l . w) w / p_l, and E||(g_l . w) w||^2 is d_l ||g_l||^2.
    The factor 1/p_l^2 and the probability p_l leave 1/p_l.

    Limits: for p_l = d_l / d it is d - 1 for all shares, as for signs in all groups.

    Args:
        dimensions: d_l: (groups,).
        shares: s_l: (groups,).
        probabilities: p_l: (groups,).
    """
    return float((dimensions * shares / probabilities).sum()) - 1


def best_probabilities(dimensions: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the probabilities with the smallest `relative_error`, p_l ~ sqrt(d_l s_l).

    Then the error is (sum_l sqrt(d_l s_l))^2 - 1. By the Cauchy-Schwarz inequality it is at most
    d - 1, the error of signs in all groups, with equality if the mean square of the gradient's
    entries is the same in all groups. With other probabilities the error may exceed d - 1.

    Args:
        dimensions: d_l: (groups,).
        shares: s_l, not all 0: (groups,).
    """
    weights = np.sqrt(dimensions * shares)
    result: np.ndarray = weights / weights.sum()
    return result
