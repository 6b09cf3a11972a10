"""Errors that the user can correct, and the lack of memory of a device."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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


SIGNS_OF_SHORTAGE = (
    "RESOURCE_EXHAUSTED",
    "out of memory",
    "can't allocate memory",
    "bad_alloc",
)
"""Texts in the messages of errors of the frameworks that are about memory."""


@contextmanager
def shortage_explained() -> Iterator[None]:
    """Turn every error about memory, also of NumPy, into a `DeviceMemoryError`.

    The operations of a framework outside its compiled programs can also lack memory.

    Raises:
        DeviceMemoryError: Memory is lacking.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error) or "no memory is left"
        is_shortage = isinstance(error, MemoryError) or any(s in text for s in SIGNS_OF_SHORTAGE)
        if isinstance(error, NotImplementedError) or not is_shortage:
            raise
        raise DeviceMemoryError(_shortage(text)) from error


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
    sentences = [text.rstrip(".") for text in re.split(r"\n|\. ", message)]
    named = [text for text in sentences if any(sign in text for sign in SIGNS_OF_SHORTAGE)]
    reason = one_line((named or sentences)[0])
    return (
        "the device has too little memory for this program: take a smaller batch or fewer trials "
        f"at once ({reason})"
    )


MAX_NAMES = 15
"""Largest number of valid names in a message."""
MAX_LENGTH = 80
"""Largest number of characters of a value or a key in a message."""


def one_line(error: object) -> str:
    """Return the text of an error in one line, with single spaces."""
    return " ".join(str(error).split())


def cut(text: str) -> str:
    """Return a text for a message, cut where it is long."""
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 4]} ..."


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return the end of an error message: the valid name nearest to `name`, then all of them.

    Of many valid names only the nearest ones are listed.
    """
    names = sorted(allowed)
    if not names:
        return "none is valid here"
    matches = get_close_matches(name[:100], names, n=1, cutoff=0.5)
    suggestion = f"did you mean '{matches[0]}'? " if matches else ""
    listed = names
    if len(names) > MAX_NAMES:
        listed = sorted(get_close_matches(name[:100], names, n=MAX_NAMES, cutoff=0.0))
    others = len(names) - len(listed)
    more = f" and {others} more" if others else ""
    return f"{suggestion}(valid: {', '.join(listed)}{more})"
