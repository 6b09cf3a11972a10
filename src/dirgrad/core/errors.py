"""Errors that the user can correct, and the lack of memory of a device."""

import re
from collections.abc import Iterable
from contextlib import ContextDecorator
from difflib import get_close_matches


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


class ExplainedShortage(ContextDecorator):
    """A context, or a decorator, that turns errors about memory into a `DeviceMemoryError`.

    The operations of a framework outside its compiled programs can also lack memory, and NumPy too.

    Raises:
        DeviceMemoryError: Memory is lacking.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MemoryError) or _is_about_memory(error):
            raise DeviceMemoryError(_shortage(str(error) or "no memory is left")) from error


def _is_about_memory(error: BaseException | None) -> bool:
    """Return whether an error of a framework is about memory and not explained yet."""
    if not isinstance(error, RuntimeError) or isinstance(error, NotImplementedError):
        return False
    return any(sign in str(error) for sign in SIGNS_OF_SHORTAGE)


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
