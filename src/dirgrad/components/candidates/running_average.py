from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.registry import component
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Ops, Params


@component
class RunningAverage:
    """The running average of past estimates. It begins at 0 and by itself stays there: mix it with noise."""

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = True
    sequence_passes: ClassVar[int] = 0

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params]
    ) -> Params:
        average: Params = past
        return average
