"""The two frameworks. Only the one asked for is imported."""

from importlib import import_module
from importlib.util import find_spec

from dirgrad.core.errors import UserError, nearest
from dirgrad.core.types import Backend

NAMES = ("jax", "torch")


def require(name: str) -> None:
    """Raise UserError where there is no backend of this name, or where its framework is not installed."""
    if name not in NAMES:
        raise UserError(f"unknown backend '{name}': {nearest(name, NAMES)}")
    if find_spec(name) is None:
        raise UserError(
            f"backend '{name}' is not installed: run `pip install {name}`, or take it out of `backends`"
        )


def load(name: str, threads: int = 1, precision: str = "float32") -> Backend:
    """A framework, set to so many threads (0: all) and to 'float32' or 'float64'.

    Raises UserError where the framework is unknown or not installed.
    """
    require(name)
    engine = import_module(f"dirgrad.backends.{name}.engine")
    engine.configure(threads, precision)
    return Backend(name, import_module(f"dirgrad.backends.{name}.ops"), engine)
