"""Errors that the user can correct, and the lack of memory of a device."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class UserError(Exception):
    """A mistake in the user's input.

    The message says which input is wrong and how to correct it. The command line prints it without
    a traceback.
    """


class DeviceMemoryError(NotImplementedError):
    """The device has too little memory for a program.

    A row then has the status of an estimate that the framework cannot compute, and this reason.
    """


def shortage_explained_by(
    error: type[Exception], sign: str
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that turns a framework's error about memory into a `DeviceMemoryError`.

    Args:
        error: Type of the framework's error.
        sign: Text in the messages of those errors of this type that are about memory.
    """

    def decorate(f: Callable[P, T]) -> Callable[P, T]:
        @wraps(f)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return f(*args, **kwargs)
            except error as failure:
                if sign not in str(failure):
                    raise
                raise DeviceMemoryError(_shortage(str(failure))) from failure

        return call

    return decorate


def _shortage(message: str) -> str:
    first_sentence = message.split("\n", 1)[0].split(". ", 1)[0].rstrip(".")
    return (
        "the device has too little memory for this program: take a smaller batch or fewer trials "
        f"at once ({first_sentence})"
    )


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return the end of an error message: the valid name nearest to `name`, then all of them."""
    allowed = sorted(allowed)
    matches = get_close_matches(name, allowed, n=1, cutoff=0.5)
    suggestion = f"did you mean '{matches[0]}'? " if matches else ""
    return f"{suggestion}(valid: {', '.join(allowed)})"
