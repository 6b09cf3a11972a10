from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.recurrent import Candidate, SequencePosition
from dirgrad.core.types import Direction, Ops, Params


@component
class Mixture:
    """Convex mixture of a candidate c and noise v, (1 - share) c / ||c|| + share v / ||v||."""

    unbiased: ClassVar[bool] = False
    candidate: Annotated[Candidate, component_field("candidates")]
    """Candidate c that is mixed with noise."""
    direction: Annotated[Direction, component_field("directions")]
    """Law of the noise v."""
    share: Annotated[float, Ge(0.0), Le(1.0)] = 0.5
    """Share of the noise, between 0 and 1."""

    @property
    def uses_average(self) -> bool:
        return self.candidate.uses_average

    @property
    def sequence_passes(self) -> int:
        return self.candidate.sequence_passes

    def propose(
        self,
        ops: Ops,
        position: SequencePosition,
        average: Any,
        draw: Callable[[], Params],
    ) -> Params:
        candidate = self.candidate.propose(ops, position, average, draw)
        candidate = tree.normalize(ops, candidate)
        noise = tree.normalize(ops, draw())
        scaled_candidate = tree.scale(1 - self.share, candidate)
        return tree.axpy(ops, self.share, noise, scaled_candidate)
