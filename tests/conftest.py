"""Fixtures load the frameworks in float64 on one thread, and slow tests run first."""

import os

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.core.types import Backend

# A failed assertion in this helper then shows its values, as in a test.
pytest.register_assert_rewrite("support.configuration")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort slow tests to the front, so that no worker starts a long test at the end.

    Tests with a cluster of their own run only where the command line names their mark.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    unwanted = pytest.mark.skip(reason="starts a Slurm cluster for minutes: run `make test-slurm`")
    for item in items:
        if item.get_closest_marker("slurm") and "slurm" not in config.option.markexpr:
            item.add_marker(unwanted)


@pytest.fixture(scope="session", autouse=True)
def _quick_compilation() -> None:
    """Turn off LLVM's optimizations in this process.

    XLA then compiles in two thirds of the time, and no result and no buffer changes. XLA reads its
    flags only once. Processes that a test starts compile as they do for a user.
    """
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    backends.load("jax", threads=1, precision="float64").engine.keys(np.zeros(1, int))
    del os.environ["XLA_FLAGS"]


@pytest.fixture(autouse=True)
def _no_components_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test that registers components outside the package leave none behind."""
    monkeypatch.setattr(registry, "_outside", {})


@pytest.fixture(params=backends.NAMES)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Return each framework in turn."""
    return backends.load(request.param, threads=1, precision="float64")


@pytest.fixture
def both() -> tuple[Backend, Backend]:
    """Return JAX and PyTorch."""
    jax, torch = (backends.load(name, threads=1, precision="float64") for name in backends.NAMES)
    return jax, torch
