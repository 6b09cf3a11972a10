"""Settings of the frameworks on a GPU: memory, precision of products and equal results."""

import os

import jax
import jax.numpy as jnp
import pytest
import torch

from dirgrad import backends

PREALLOCATE = "XLA_PYTHON_CLIENT_PREALLOCATE"


@pytest.mark.parametrize(("of_user", "expected"), [(None, "false"), ("true", "true")])
def test_jax_takes_memory_as_it_needs_it_unless_the_user_wants_it_at_once(
    monkeypatch: pytest.MonkeyPatch, of_user: str | None, expected: str
) -> None:
    monkeypatch.delenv(PREALLOCATE, raising=False)
    if of_user:
        monkeypatch.setenv(PREALLOCATE, of_user)
    backends.load("jax", 1, "float64")
    assert os.environ[PREALLOCATE] == expected


def test_jax_keeps_full_float32_and_no_compiled_programs() -> None:
    """A cache would make the recorded seconds of compilation too short."""
    jax.config.update("jax_default_matmul_precision", None)
    jax.config.update("jax_enable_compilation_cache", True)
    backends.load("jax", 1, "float64")
    text = jax.jit(lambda x: x @ x).lower(jnp.ones((2, 2))).as_text()
    assert "HIGHEST, HIGHEST" in text
    assert not jax.config.jax_enable_compilation_cache


def test_pytorch_keeps_full_float32() -> None:
    products = (torch.backends.cuda.matmul, torch.backends.cudnn.conv, torch.backends.cudnn.rnn)
    for kind in products:
        kind.fp32_precision = "tf32"
    torch.backends.cudnn.deterministic = False
    backends.load("torch", 1, "float64")
    assert [kind.fp32_precision for kind in products] == ["ieee"] * 3
    assert torch.backends.cudnn.deterministic


@pytest.mark.parametrize(("framework", "name"), [("jax", "highest"), ("torch", "ieee")])
def test_the_provenance_has_the_precision_of_products(framework: str, name: str) -> None:
    environment = backends.load(framework, 1, "float64").engine.environment()
    assert environment["float32_products"] == name
    assert environment["determinism"]
