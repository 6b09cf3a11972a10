"""Types of counts and of lists without repetitions."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, TypeVar

from annotated_types import Ge, Le
from pydantic import AfterValidator

from dirgrad.components.registry import LARGEST_COUNT

T = TypeVar("T", bound=Sequence[object])
PositiveCount = Annotated[int, Ge(1), Le(LARGEST_COUNT)]
CountOrZero = Annotated[int, Ge(0), Le(LARGEST_COUNT)]


def _distinct(values: T) -> T:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ValueError(f"{repeated[0]!r} is listed twice: keep one of them")
    return values


Distinct = AfterValidator(_distinct)
"""Annotation of a list in which no value stands twice."""
