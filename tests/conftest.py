"""Fixtures load the frameworks in float64 on one thread, and slow tests run first."""

import os

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.core.types import Backend
from support import interrupts

# A failed assertion in this helper then shows its values, as in a test.
pytest.register_assert_rewrite("support.configuration")

interrupts.accept()


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
    """Compile in this process like a run with the option `optimize: false`.

    XLA then compiles in a quarter of the time. It reads its flags only once. Processes that a test
    starts compile as they do for a user. Tests that count bytes use `fused_loops`.
    """
    unoptimized = backends.load("jax", threads=1, precision="float64", optimize=False)
    unoptimized.engine.keys(np.zeros(1, int))
    del os.environ["XLA_FLAGS"]


@pytest.fixture
def fused_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile with XLA's emitters of fused loops, as for a user, because they change the buffers.

    LLVM's optimizations stay off, because they change no buffer.
    """
    engine = backends.load("jax", threads=1, precision="float64").engine
    if engine.HAS_FUSION_EMITTERS:
        for options in (engine.LOW_MEMORY, engine.COUNT_ALL_BUFFERS):
            monkeypatch.setitem(options, "xla_cpu_use_fusion_emitters", True)


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
