"""Errors that the user can correct."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake in the user's input.

    The message says which input is wrong and how to correct it. The command line prints it without
    a traceback.
    """


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return the end of an error message: the valid name nearest to `name`, then all of them."""
    allowed = sorted(allowed)
    matches = get_close_matches(name, allowed, n=1, cutoff=0.5)
    suggestion = f"did you mean '{matches[0]}'? " if matches else ""
    return f"{suggestion}(valid: {', '.join(allowed)})"
