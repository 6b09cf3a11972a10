"""The two frameworks, JAX and PyTorch; only the requested one is imported."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from shutil import which

from dirgrad.core.errors import UserError, nearest, one_line
from dirgrad.core.types import Backend

NAMES = ("jax", "torch")
TORCH_COMPILED = ("torch",)
"""Frameworks whose programs `run.torch_compile` compiles."""


def require(name: str) -> None:
    """Check that a backend exists and that its framework is installed.

    Raises:
        UserError: The name is unknown, or the framework is not installed.
    """
    if name not in NAMES:
        raise UserError(f"unknown backend '{name}': {nearest(name, NAMES)}")
    if find_spec(name) is None:
        raise UserError(f"backend '{name}' is not installed: {_advice(name)}")


def require_cpp_compiler() -> None:
    """Check that the C++ compiler exists with which PyTorch compiles its programs.

    Raises:
        UserError: The compiler does not exist.
    """
    # PyTorch looks for the same names. The machine that plans a run need not have PyTorch.
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if which(compiler) is None:
        raise UserError(
            f"run.torch_compile: no C++ compiler '{compiler}' on this machine: install one, name "
            "it in the environment variable CXX, or set run.torch_compile to false"
        )


def load(
    name: str,
    threads: int = 1,
    precision: str = "float32",
    optimize: bool = True,
    torch_compile: bool = False,
) -> Backend:
    """Import a framework and configure it for this process.

    Args:
        name: "jax" or "torch".
        threads: Number of CPU threads, or 0 for all.
        precision: "float32" or "float64".
        optimize: Whether the framework's compiler optimizes programs.
        torch_compile: Whether PyTorch compiles traced programs; JAX ignores it.

    Raises:
        UserError: The name is unknown, or the framework is not installed or cannot be imported, or
            PyTorch cannot compile on this machine.
    """
    require(name)
    if torch_compile and name in TORCH_COMPILED:
        require_cpp_compiler()
    try:
        engine = import_module(f"dirgrad.backends.{name}.engine")
    except (ImportError, OSError, ValueError) as error:
        # Both frameworks read environment variables when they are imported.
        wrong_variable = isinstance(error, ValueError)
        advice = "correct this environment variable" if wrong_variable else _advice(name)
        reason = one_line(error)
        raise UserError(f"backend '{name}' cannot be imported ({reason}): {advice}") from error
    engine.configure(threads, precision, optimize, torch_compile)
    ops = import_module(f"dirgrad.backends.{name}.ops")
    return Backend(name, ops, engine)


def _advice(name: str) -> str:
    return f"run `pip install {name}`, or remove it from `backends`"
