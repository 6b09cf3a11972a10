from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

from dirgrad.components.registry import component, reference
from dirgrad.core import tree
from dirgrad.core.recurrent import Candidate, Place
from dirgrad.core.types import Direction, Ops, Params


@component
class Mixture:
    """A convex mixture of a candidate and of noise, each of length 1: (1 - share) c / ||c|| + share v / ||v||."""

    unbiased: ClassVar[bool] = False
    candidate: Annotated[Candidate, reference("candidates")]
    """What is mixed with noise."""
    direction: Annotated[Direction, reference("directions")]
    """The law of the noise v."""
    share: Annotated[float, Ge(0.0), Le(1.0)] = 0.5
    """Of the noise."""

    @property
    def remembers(self) -> bool:
        return self.candidate.remembers

    @property
    def passes(self) -> int:
        return self.candidate.passes

    def propose(self, ops: Ops, place: Place, past: Any, draw: Callable[[], Params]) -> Params:
        known = tree.unit(ops, self.candidate.propose(ops, place, past, draw))
        noise = tree.unit(ops, draw())
        return tree.axpy(ops, self.share, noise, tree.scale(1 - self.share, known))
