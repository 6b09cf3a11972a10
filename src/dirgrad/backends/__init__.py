"""The two frameworks, JAX and PyTorch; only the requested one is imported."""

from importlib import import_module
from importlib.util import find_spec

from dirgrad.core.errors import UserError, nearest
from dirgrad.core.types import Backend

NAMES = ("jax", "torch")


def require(name: str) -> None:
    """Check that a backend exists and that its framework is installed.

    Raises:
        UserError: The name is unknown, or the framework is not installed.
    """
    if name not in NAMES:
        raise UserError(f"unknown backend '{name}': {nearest(name, NAMES)}")
    if find_spec(name) is None:
        raise UserError(f"backend '{name}' is not installed: {_advice(name)}")


def load(name: str, threads: int = 1, precision: str = "float32", optimize: bool = True) -> Backend:
    """Import a framework and configure it for this process.

    Args:
        name: "jax" or "torch".
        threads: Number of CPU threads, or 0 for all.
        precision: "float32" or "float64".
        optimize: Whether the framework's compiler optimizes programs.

    Raises:
        UserError: The name is unknown, or the framework is not installed or cannot be imported.
    """
    require(name)
    try:
        engine = import_module(f"dirgrad.backends.{name}.engine")
    except (ImportError, OSError, ValueError) as error:
        # Both frameworks read environment variables when they are imported.
        wrong_variable = isinstance(error, ValueError)
        advice = "correct this environment variable" if wrong_variable else _advice(name)
        reason = " ".join(str(error).split())
        raise UserError(f"backend '{name}' cannot be imported ({reason}): {advice}") from error
    engine.configure(threads, precision, optimize)
    ops = import_module(f"dirgrad.backends.{name}.ops")
    return Backend(name, ops, engine)


def _advice(name: str) -> str:
    return f"run `pip install {name}`, or remove it from `backends`"
