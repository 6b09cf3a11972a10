"""Sizes of sparse sets that a component may declare, and functions that read them.

A component declares a size by an option of this name. The functions return None where a component
declares nothing.
"""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class HasNonzeros(Protocol):
    """A problem whose solution has a known number of nonzero parameters."""

    @property
    def nonzeros(self) -> int:
        """Return k*, the number of nonzero parameters of the solution."""


@runtime_checkable
class HasKeep(Protocol):
    """An optimizer that keeps a fixed number of nonzero parameters."""

    @property
    def keep(self) -> int:
        """Return k, the number of parameters that are not zero after a step."""


@runtime_checkable
class HasSupport(Protocol):
    """A law of directions with a fixed number of nonzero coordinates."""

    @property
    def support(self) -> int:
        """Return s, the number of nonzero coordinates of a direction."""


def nonzeros(problem: Any, dimension: int) -> int | None:
    """Return k*, at most the dimension d."""
    return min(problem.nonzeros, dimension) if isinstance(problem, HasNonzeros) else None


def keep(optimizer: Any, dimension: int) -> int | None:
    """Return k, at most the dimension d."""
    return min(optimizer.keep, dimension) if isinstance(optimizer, HasKeep) else None


def support(direction: Any, dimension: int) -> int | None:
    """Return s, at most the dimension d."""
    return min(direction.support, dimension) if isinstance(direction, HasSupport) else None
