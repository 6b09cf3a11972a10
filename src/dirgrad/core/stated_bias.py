"""Bias that an estimator may state, in the style of the closed forms."""

from math import isnan
from typing import Any, Protocol, runtime_checkable

from dirgrad.core.closed_forms import Shares


@runtime_checkable
class StatesBias(Protocol):
    """An estimator that states its mean; any other estimator is unbiased."""

    def expected_projection(self, shares: Shares, /) -> float:
        """Return c if the mean of the estimate is c g, and NaN for a bias without a closed form.

        Then c = E[estimate . g] / ||g||^2, which is 1 without bias.
        """


def expected_projection(estimator: Any, shares: Shares) -> float:
    """Return the factor c that an estimator states, or 1 if it states no bias."""
    if isinstance(estimator, StatesBias):
        return estimator.expected_projection(shares)
    return 1.0


def has_closed_form(projection: float) -> bool:
    """Return whether a stated factor is a number that a measurement can contradict."""
    return not isnan(projection)
