from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from dirgrad.components.registry import component, component_field
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Direction, Ops, Params


@component
class Random:
    """Random direction that uses no information about the problem; the estimate is unbiased."""

    unbiased: ClassVar[bool] = True
    uses_average: ClassVar[bool] = False
    sequence_passes: ClassVar[int] = 0
    direction: Annotated[Direction, component_field("directions")]
    """Law of the direction."""

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
    ) -> Params:
        return draw()
