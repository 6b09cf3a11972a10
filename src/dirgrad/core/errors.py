"""What went wrong because of what the user gave, said in one sentence."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake in the input: what is wrong, where, and what would be right. Shown without a traceback."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The part of an error message that offers the nearest valid name, then all of them."""
    allowed = sorted(allowed)
    match = get_close_matches(name, allowed, n=1, cutoff=0.5)
    return (f"did you mean '{match[0]}'? " if match else "") + f"(valid: {', '.join(allowed)})"
