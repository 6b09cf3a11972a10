"""Read and validate the claims of the papers and of their critics, config/claims.yaml."""

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
    """The values of a quantity for which a claim holds; exactly one option is given."""

    model_config = STRICT

    above: float | None = None
    """The quantity must be greater than this number."""
    below: float | None = None
    """The quantity must be less than this number."""
    between: Ends | None = None
    """The quantity must lie between these two numbers, ends included."""
    outside: Ends | None = None
    """The quantity must lie outside these two numbers."""

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


class Claim(BaseModel):
    """One claim: a measured quantity must satisfy a criterion, wherever it was measured."""

    model_config = STRICT

    source: Annotated[str, MinLen(1)]
    """Who makes the claim, and in which text."""
    statement: Annotated[str, MinLen(1)]
    """The claim in our words."""
    quantity: str
    """The measured quantity: a key of dirgrad.analysis.evidence.quantities.QUANTITIES."""
    criterion: Bounds
    """The values of the quantity for which the claim holds."""
    where: dict[str, Annotated[list[Value], MinLen(1)]] = Field(default_factory=dict)
    """Table rows to use: allowed values by column; empty for all rows."""

    @property
    def measured_quantity(self) -> Quantity:
        """Return the quantity that reads the claim's evidence from tables."""
        return QUANTITIES[self.quantity]


class _ClaimsFile(BaseModel):
    model_config = STRICT

    claims: Annotated[dict[Name, Claim], MinLen(1)]


def load_claims(path: Path) -> dict[str, Claim]:
    """Read the claims from a YAML file and return them by id.

    Raises:
        UserError: The file has mistakes; the message has one line per mistake.
    """
    raw = read(path)
    layers = {str(path): raw}
    try:
        claims = _ClaimsFile.model_validate_json(json.dumps(raw, default=str)).claims
    except ValidationError as error:
        raise UserError(messages.format_errors(error.errors(), layers, _keys)) from None
    mistakes = [
        (("claims", name, *location), text)
        for name, claim in claims.items()
        for location, text in _inconsistencies(claim)
    ]
    if mistakes:
        lines = [messages.format_error(location, text, layers) for location, text in mistakes]
        raise UserError("\n".join(lines))
    return claims


def _keys(location: Sequence[Any]) -> Iterable[str]:
    """Return the keys that are valid at a location of the file."""
    if not location:
        return _ClaimsFile.model_fields
    model = Bounds if "criterion" in location else Claim
    return model.model_fields


def _inconsistencies(claim: Claim) -> Iterator[Mistake]:
    name = claim.quantity
    if name not in QUANTITIES:
        yield ("quantity",), f"unknown quantity '{name}': {nearest(name, QUANTITIES)}"
        return
    selectable = claim.measured_quantity.selectable
    for column in claim.where:
        if column not in selectable:
            hint = nearest(column, selectable)
            yield ("where", column), f"'{name}' cannot be selected by this column: {hint}"
    interval = claim.criterion.interval
    ends = [end for end in (interval.low, interval.high) if np.isfinite(end)]
    if claim.measured_quantity.logarithmic and min(ends) <= 0:
        text = f"'{name}' is a ratio: expected numbers above 0, got {min(ends):g}"
        yield ("criterion",), text
