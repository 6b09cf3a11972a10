"""Both frameworks, in float64 unless a test asks for less, on one thread."""

import os

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.core.types import Backend


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _quick_compilation() -> None:
    """Without LLVM's optimisation, which changes no result and no buffer, XLA compiles in two thirds of the time. It reads its
    flags once; what processes a test starts compile as they do for a user."""
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    backends.load("jax", threads=1, precision="float64").engine.keys(np.zeros(1, int))
    del os.environ["XLA_FLAGS"]


@pytest.fixture(params=backends.NAMES)
def backend(request: pytest.FixtureRequest) -> Backend:
    """A framework."""
    return backends.load(request.param, threads=1, precision="float64")


@pytest.fixture
def both() -> tuple[Backend, Backend]:
    """Both frameworks, side by side."""
    jax, torch = (backends.load(name, threads=1, precision="float64") for name in backends.NAMES)
    return jax, torch
