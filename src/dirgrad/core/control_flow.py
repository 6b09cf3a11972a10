"""The operations of a framework that call functions: loops, branches and vectorization."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dirgrad.core.arrays import Array


class ControlFlow(Protocol):
    """Loops, branches and vectorization, which are part of `Ops`."""

    def vmap(self, f: Callable[..., Any], axes: Any = 0, /) -> Callable[..., Any]:
        """Vectorize f over one axis of its arguments.

        Args:
            f: Function to vectorize. The results are stacked along a new first axis.
            axes: The axis for all arguments, or a tuple with one entry per argument. None means
                that all calls of f share the argument.
        """

    def scan(
        self,
        f: Callable[[Any, Any], tuple[Any, Any]],
        init: Any,
        xs: Any,
        /,
    ) -> tuple[Any, Any]:
        """Fold f over the first axis of every leaf of `xs`, as jax.lax.scan does.

        Args:
            f: Map (carry, slice of `xs`) -> (next carry, output).
            init: First carry.
            xs: Arrays (steps, ...), possibly nested.

        Returns:
            The last carry and the outputs, stacked along a new first axis.
        """

    def switch(self, index: Array, branches: Sequence[Callable[[], Any]], /) -> Any:
        """Return branches[index]().

        No other branch is computed, unless the index differs between the lanes of a vmap. Then all
        branches are computed, and each lane selects its own.

        Args:
            index: Number of a branch: ().
            branches: Functions whose results are nested arrays with the same shapes.
        """

    def apply_if(
        self, index: Array, i: int, f: Callable[[Array, Any], Any], a: Array, x: Any, /
    ) -> Any:
        """Return f(a, x) if `index` is i, and x otherwise.

        Where x is not needed afterwards, it is updated in place or left as it is, unless the index
        differs between the lanes of a vmap. What f computes from a is computed only if it is
        needed.

        Args:
            index: Number: ().
            i: The number with which f is applied.
            f: Map (a, x) -> nested arrays with the shapes of x.
            a: Number: () or a float.
            x: Nested arrays.
        """
