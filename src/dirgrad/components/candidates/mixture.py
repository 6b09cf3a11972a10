from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

from dirgrad.components.registry import component, component_field
from dirgrad.core import tree
from dirgrad.core.recurrent import Candidate, SequencePosition
from dirgrad.core.types import Direction, Ops, Params


@component
class Mixture:
    """A convex mixture of a candidate and of noise, each of length 1: (1 - share) c / ||c|| + share v / ||v||."""

    unbiased: ClassVar[bool] = False
    candidate: Annotated[Candidate, component_field("candidates")]
    """What is mixed with noise."""
    direction: Annotated[Direction, component_field("directions")]
    """The law of the noise v."""
    share: Annotated[float, Ge(0.0), Le(1.0)] = 0.5
    """Of the noise."""

    @property
    def uses_average(self) -> bool:
        return self.candidate.uses_average

    @property
    def sequence_passes(self) -> int:
        return self.candidate.sequence_passes

    def propose(
        self, ops: Ops, place: SequencePosition, past: Any, draw: Callable[[], Params]
    ) -> Params:
        known = tree.normalize(ops, self.candidate.propose(ops, place, past, draw))
        noise = tree.normalize(ops, draw())
        return tree.axpy(ops, self.share, noise, tree.scale(1 - self.share, known))
