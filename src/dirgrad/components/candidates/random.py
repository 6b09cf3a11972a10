from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from dirgrad.components.registry import component, component_field
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Direction, Ops, Params


@component
class Random:
    """A random direction, which knows nothing: the estimate is unbiased."""

    unbiased: ClassVar[bool] = True
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 0
    direction: Annotated[Direction, component_field("directions")]
    """Its law."""

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params]
    ) -> Params:
        return draw()
