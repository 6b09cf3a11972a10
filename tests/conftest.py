"""Both frameworks, in float64 unless a test asks for less, on one thread."""

import pytest

from dirgrad import backends
from dirgrad.types import Backend


@pytest.fixture(params=backends.NAMES)
def backend(request: pytest.FixtureRequest) -> Backend:
    """A framework."""
    return backends.load(request.param, threads=1, precision="float64")


@pytest.fixture
def both() -> tuple[Backend, Backend]:
    """Both frameworks, side by side."""
    jax, torch = (backends.load(name, threads=1, precision="float64") for name in backends.NAMES)
    return jax, torch
