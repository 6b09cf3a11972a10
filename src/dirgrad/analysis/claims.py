"""The claims of the papers and of their critics, as data: config/claims.yaml, validated as a whole."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import MinLen
from pydantic import BaseModel, Field, ValidationError, model_validator

from dirgrad.analysis.evidence.quantities import QUANTITIES
from dirgrad.analysis.evidence.reading import Quantity
from dirgrad.analysis.verdicts import Interval
from dirgrad.components.registry import STRICT
from dirgrad.config import messages
from dirgrad.config.files import read
from dirgrad.config.settings import Name
from dirgrad.config.validation import Mistake
from dirgrad.core.errors import UserError, nearest

Ends = tuple[float, float]
Value = str | int | float


class Bounds(BaseModel):
    """What the quantity must be if the claim holds: one of these."""

    model_config = STRICT

    above: float | None = None
    """More than this."""
    below: float | None = None
    """Less than this."""
    between: Ends | None = None
    """Within these two."""
    outside: Ends | None = None
    """Not within these two."""

    @model_validator(mode="after")
    def _one(self) -> "Bounds":
        given = [name for name, value in self if value is not None]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of above, below, between and outside, got {', '.join(given) or 'none'}"
            )
        for ends in (self.between, self.outside):
            if ends is not None and ends[0] >= ends[1]:
                raise ValueError(f"{ends[0]:g} is not below {ends[1]:g}")
        return self

    @property
    def interval(self) -> Interval:
        """As the verdicts take it."""
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


class Claim(BaseModel):
    """One claim. It holds at a place if its quantity there is as the criterion says."""

    model_config = STRICT

    source: Annotated[str, MinLen(1)]
    """Who says so, and where."""
    statement: Annotated[str, MinLen(1)]
    """What is said, in our words."""
    quantity: str
    """What is measured: a name of dirgrad.evidence.quantities."""
    criterion: Bounds
    """What it must be."""
    where: dict[str, Annotated[list[Value], MinLen(1)]] = Field(default_factory=dict)
    """The rows that the claim is about: values by the columns of the tables; all rows without it."""

    @property
    def measured_quantity(self) -> Quantity:
        """How the evidence is read."""
        return QUANTITIES[self.quantity]


class _File(BaseModel):
    model_config = STRICT

    claims: Annotated[dict[Name, Claim], MinLen(1)]


def load(path: Path) -> dict[str, Claim]:
    """The claims by id. Raises UserError, one sentence a mistake."""
    raw = read(path)
    try:
        found = _File.model_validate_json(json.dumps(raw, default=str)).claims
    except ValidationError as error:
        raise UserError(messages.format_errors(error.errors(), {str(path): raw}, _keys)) from None
    wrong = [
        (("claims", name, *at), text)
        for name, claim in found.items()
        for at, text in _inconsistent(claim)
    ]
    if wrong:
        raise UserError(
            "\n".join(messages.format_error(at, text, {str(path): raw}) for at, text in wrong)
        )
    return found


def _keys(location: Sequence[Any]) -> Iterable[str]:
    if not location:
        return _File.model_fields
    return (Bounds if "criterion" in location else Claim).model_fields


def _inconsistent(claim: Claim) -> Iterator[Mistake]:
    if claim.quantity not in QUANTITIES:
        yield (
            ("quantity",),
            f"unknown quantity '{claim.quantity}': {nearest(claim.quantity, QUANTITIES)}",
        )
        return
    for column in claim.where:
        if column not in claim.measured_quantity.selectable:
            yield (
                ("where", column),
                f"'{claim.quantity}' cannot be chosen by it: {nearest(column, claim.measured_quantity.selectable)}",
            )
    ends = [
        end
        for end in (claim.criterion.interval.low, claim.criterion.interval.high)
        if np.isfinite(end)
    ]
    if claim.measured_quantity.logarithmic and min(ends) <= 0:
        yield (
            ("criterion",),
            f"{min(ends):g} is no value of '{claim.quantity}', which is a ratio: give one above 0",
        )
