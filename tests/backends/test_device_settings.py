"""Settings of the frameworks on a GPU: memory, precision of products and equal results."""

import os

import pytest

from dirgrad import backends
from support.fresh_python import printed_lines

LOAD_JAX = "import os; from dirgrad import backends; backends.load('jax')"
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
    lines = printed_lines(
        "import jax, jax.numpy as jnp",
        "import os; os.environ['JAX_COMPILATION_CACHE_DIR'] = '/nonexistent'",
        LOAD_JAX,
        "text = jax.jit(lambda x: x @ x).lower(jnp.ones((2, 2))).as_text()",
        "print('HIGHEST, HIGHEST' in text, jax.config.jax_enable_compilation_cache)",
    )
    assert lines == ["True False"]


def test_pytorch_keeps_full_float32() -> None:
    lines = printed_lines(
        "import torch",
        "from torch import backends as b",
        "b.cuda.matmul.fp32_precision = b.cudnn.conv.fp32_precision = 'tf32'",
        "from dirgrad import backends; backends.load('torch')",
        "print(b.cuda.matmul.fp32_precision, b.cudnn.conv.fp32_precision)",
        "print(b.cudnn.rnn.fp32_precision, b.cudnn.deterministic)",
    )
    assert lines == ["ieee ieee", "ieee True"]


@pytest.mark.parametrize(("framework", "name"), [("jax", "highest"), ("torch", "ieee")])
def test_the_provenance_has_the_precision_of_products(framework: str, name: str) -> None:
    environment = backends.load(framework, 1, "float64").engine.environment()
    assert environment["float32_products"] == name
    assert environment["determinism"]
