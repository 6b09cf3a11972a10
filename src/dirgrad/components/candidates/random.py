from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from dirgrad.components.registry import component, reference
from dirgrad.core.recurrent import Place
from dirgrad.core.types import Direction, Ops, Params


@component
class Random:
    """A random direction, which knows nothing: the estimate is unbiased."""

    unbiased: ClassVar[bool] = True
    remembers: ClassVar[bool] = False
    passes: ClassVar[int] = 0
    direction: Annotated[Direction, reference("directions")]
    """Its law."""

    def propose(self, ops: Ops, place: Place, past: Any, draw: Callable[[], Params]) -> Params:
        return draw()
