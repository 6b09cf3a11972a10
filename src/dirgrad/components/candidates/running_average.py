from collections.abc import Callable
from typing import Any, ClassVar

from dirgrad.components.registry import component
from dirgrad.core.recurrent import SequencePosition
from dirgrad.core.types import Ops, Params


@component
class RunningAverage:
    """Running average of past estimates.

    The average starts at 0 and stays there unless it is mixed with noise (see `mixture`).
    """

    direction: ClassVar[None] = None
    unbiased: ClassVar[bool] = False
    uses_average: ClassVar[bool] = True
    sequence_passes: ClassVar[int] = 0

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
    ) -> Params:
        proposal: Params = average
        return proposal
