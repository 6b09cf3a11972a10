"""Read and validate the claims of the papers and of their critics, config/claims.yaml."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np
from annotated_types import MinLen
from pydantic import BaseModel, BeforeValidator, Discriminator, ValidationError

from dirgrad.analysis.bounds import Bounds
from dirgrad.analysis.evidence.quantities import Power, Ratio, Value
from dirgrad.analysis.evidence.reading import Tables
from dirgrad.analysis.evidence.special import (
    LossOverPlain,
    Projection,
)
from dirgrad.analysis.selection import Estimators, selector_class
from dirgrad.analysis.verdicts import Evidence
from dirgrad.components import registry
from dirgrad.components.registry import STRICT
from dirgrad.config import messages
from dirgrad.config.files import read
from dirgrad.config.messages import Mistake
from dirgrad.config.options_page import FOLDERS
from dirgrad.config.settings import Name
from dirgrad.core.errors import UserError, nearest

Quantity: TypeAlias = Value | Ratio | Power | Projection | LossOverPlain
"""The general quantities, then the special ones."""
QUANTITIES: Mapping[str, type[Quantity]] = {
    get_args(cls.model_fields["kind"].annotation)[0]: cls for cls in get_args(Quantity)
}
"""All quantities by their `kind`."""


def _with_kind(spec: Any) -> Any:
    """Return a quantity as a mapping with a valid `kind`; a bare name is a kind."""
    options = {"kind": spec} if isinstance(spec, str) else spec
    kind = options.get("kind") if isinstance(options, dict) else None
    name = kind if isinstance(kind, str) else ""
    if name not in QUANTITIES:
        subject = f"unknown quantity '{name}'" if name else "`kind` must name a quantity"
        raise ValueError(f"{subject}: {nearest(name, QUANTITIES)}")
    return options


EvidenceKind: TypeAlias = Literal["counted", "measured", "analogue", "paper"]


class Claim(BaseModel):
    """One claim: a measured quantity must satisfy a criterion, wherever it was measured."""

    model_config = STRICT

    source: Annotated[str, MinLen(1)]
    """Who makes the claim, and in which text."""
    statement: Annotated[str, MinLen(1)]
    """The claim in our words."""
    question: str = ""
    """The claim as a short question. The README answers the claims that have one."""
    evidence: EvidenceKind
    """Kind of evidence: `counted` (an exact count), `measured`, `analogue` (measured on other data
    or networks than the source used), or `paper` (compared with a number of the paper).
    """
    quantity: Annotated[Quantity, Discriminator("kind"), BeforeValidator(_with_kind)]
    """The measured quantity: a `kind` with operands."""
    criterion: Bounds
    """The values of the quantity for which the claim holds."""
    differs: str = ""
    """How our measurement differs from the source's, and why. `reproducibility.yaml` states what
    differs for all claims of a source.
    """


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
        allowed_keys = partial(_allowed_keys, raw)
        raise UserError(messages.format_errors(error.errors(), layers, allowed_keys)) from None
    mistakes = [
        (("claims", name, *location), text)
        for name, claim in claims.items()
        for location, text in _inconsistencies(claim)
    ]
    if mistakes:
        lines = [messages.format_error(location, text, layers) for location, text in mistakes]
        raise UserError("\n".join(lines))
    return claims


def _allowed_keys(raw: Any, location: Sequence[Any]) -> Iterable[str]:
    """Return the keys that are valid at a location of the file."""
    names = [key for key in location if isinstance(key, str)]
    if not names:
        return _ClaimsFile.model_fields
    if len(names) == 2:
        return Claim.model_fields
    raw = reduce(lambda part, key: part[key], location, raw)
    if names[-1] == "quantity":
        fields = QUANTITIES[_with_kind(raw)["kind"]].model_fields
        return [field.alias or name for name, field in fields.items()]
    if "kind" not in raw:
        return Bounds.model_fields
    folder = f"{names[-1]}s" if f"{names[-1]}s" in FOLDERS else "estimators"
    kind = raw["kind"]
    is_known = isinstance(kind, str) and kind in registry.names(folder)
    return selector_class(folder, kind).model_fields if is_known else ("kind",)


def evidence_of_claim(
    name: str,
    claim: Claim,
    tables: Tables,
    estimators: Estimators,
) -> list[Evidence]:
    """Return the measured values of a claim, one per place.

    Args:
        name: Id of the claim, for messages.
        claim: The claim.
        tables: Tables by name.
        estimators: The estimators of the configuration whose tables these are, by name.

    Raises:
        UserError: The claim does not say which of several rows it means, its values cannot be
            paired, or a table has no raw values.
    """
    try:
        return list(claim.quantity.evidence(tables, estimators))
    except UserError as error:
        raise UserError(f"claims.{name}.quantity: {error}") from None


def _inconsistencies(claim: Claim) -> Iterator[Mistake]:
    quantity = claim.quantity
    mistakes = [*quantity.mistakes()]
    yield from ((("quantity", *location), text) for location, text in mistakes)
    interval = claim.criterion.interval
    ends = [end for end in (interval.low, interval.high) if np.isfinite(end)]
    if not mistakes and quantity.logarithmic and min(ends) <= 0:
        text = f"'{quantity}' is a ratio: expected numbers above 0, got {min(ends):g}"
        yield ("criterion",), text
