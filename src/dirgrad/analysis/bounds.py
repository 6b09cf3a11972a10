"""Bounds on a number: the criterion of a claim, or the rows that a claim selects."""

from typing import Annotated

import numpy as np
from pydantic import BaseModel, Strict, model_validator

from dirgrad.analysis.verdicts import Interval
from dirgrad.components.registry import STRICT

Ends = Annotated[tuple[float, float], Strict(False)]


class Bounds(BaseModel):
    """A range of numbers; exactly one option is given."""

    model_config = STRICT

    above: float | None = None
    """The number must be greater than this number."""
    below: float | None = None
    """The number must be less than this number."""
    between: Ends | None = None
    """The number must lie between these two numbers, ends included."""
    outside: Ends | None = None
    """The number must lie outside these two numbers."""

    @model_validator(mode="after")
    def _check(self) -> "Bounds":
        options = [name for name, value in self if value is not None]
        if len(options) != 1:
            raise ValueError(
                "give exactly one of above, below, between and outside, "
                f"got {', '.join(options) or 'none'}"
            )
        for ends in (self.between, self.outside):
            if ends is not None and ends[0] >= ends[1]:
                raise ValueError(f"the lower end {ends[0]:g} must be below the upper {ends[1]:g}")
        return self

    @property
    def interval(self) -> Interval:
        """Return the bounds as the interval that verdicts use."""
        if self.above is not None:
            return Interval(low=self.above, strict=True)
        if self.below is not None:
            return Interval(high=self.below, strict=True)
        low, high = self.between or self.outside or (-np.inf, np.inf)
        return Interval(low, high, inside=self.between is not None)

    def __str__(self) -> str:
        if self.above is not None:
            return f"> {self.above:g}"
        if self.below is not None:
            return f"< {self.below:g}"
        low, high = self.between or self.outside or (np.nan, np.nan)
        return f"{low:g} to {high:g}" if self.between else f"not {low:g} to {high:g}"
