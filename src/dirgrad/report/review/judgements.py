"""Sentences of judgement about a reproduction, which no table contains."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import MinLen
from pydantic import BaseModel, ValidationError

from dirgrad.components.registry import STRICT
from dirgrad.config import messages
from dirgrad.config.files import read
from dirgrad.core.errors import UserError

Sentence = Annotated[str, MinLen(1)]


class Source(BaseModel):
    """A source of claims: what we know of it, and how our experiments differ from it."""

    model_config = STRICT

    knowledge: Sentence
    """How we know the source."""
    differs: Sentence
    """How our experiments differ from the experiments of the source, and why."""


class Judgements(BaseModel):
    """The parts of a reproducibility summary that a person writes."""

    model_config = STRICT

    scope: Sentence
    """Which claims are tested."""
    methodology: Sentence
    """How they are tested."""
    easy: Annotated[list[Sentence], MinLen(1)]
    """Parts of the work that were easy."""
    hard: Annotated[list[Sentence], MinLen(1)]
    """Parts of the work that were hard."""
    communication: Sentence
    """Communication with the authors."""
    sources: Annotated[dict[str, Source], MinLen(1)]
    """Sources of claims, by the name with which `source` of a claim begins."""


def load(path: Path) -> Judgements:
    """Read the sentences from a YAML file.

    Raises:
        UserError: The file has mistakes; the message has one line per mistake.
    """
    raw = read(path)
    try:
        return Judgements.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        layers = {str(path): raw}
        raise UserError(messages.format_errors(error.errors(), layers, _allowed_keys)) from None


def _allowed_keys(location: Sequence[Any]) -> Sequence[str]:
    """Return the keys that are valid at a location of the file."""
    return [*(Source if len(location) > 1 else Judgements).model_fields]
