"""Results in JAX do not depend on the settings that JAX takes from the environment."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dirgrad import backends
from dirgrad.backends.jax import fixed_settings
from dirgrad.core.errors import UserError
from dirgrad.core.types import Array, Backend

USERS: dict[str, Any] = {
    "jax_random_seed_offset": 5,
    "jax_default_prng_impl": "rbg",
    "jax_threefry_partitionable": False,
    "jax_legacy_prng_key": "error",
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_disable_jit": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_transfer_guard": "disallow",
    "jax_enable_checks": True,
    "jax_debug_key_reuse": True,
    "jax_compilation_cache_dir": "/tmp/cache",
}
"""Settings that change results, or stop a correct program."""


def load() -> Backend:
    return backends.load("jax", threads=1, precision="float64")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    load()


def results(backend: Backend) -> list[np.ndarray]:
    """Return draws of three keys, and a compiled function that mixes types and gives NaN."""

    def f(x: Array) -> Array:
        return jnp.log(x) + jnp.ones((2, 2), jnp.float32) * jnp.arange(2)

    keys = backend.engine.keys(np.arange(3))
    like = jnp.zeros((), jnp.float32)
    draws = [backend.ops.normal(key, 7, like) for key in keys]
    compiled = backend.engine.compile(f, (jnp.array([1.0, -1.0]),))
    return [np.asarray(value) for value in (*draws, compiled.call(jnp.array([1.0, -1.0])))]


@pytest.mark.parametrize("name", USERS)
def test_results_do_not_depend_on_a_setting(name: str) -> None:
    expected = results(load())
    jax.config.update(name, USERS[name])
    for value, other in zip(expected, results(load()), strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.mark.parametrize("name", USERS)
def test_a_setting_is_fixed(name: str) -> None:
    jax.config.update(name, USERS[name])
    load()
    assert jax.config.values[name] == fixed_settings.FIXED[name]


def test_a_variable_that_a_framework_cannot_read_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_name: str) -> None:
        raise ValueError("invalid truth value 'maybe' for environment 'JAX_DEBUG_NANS'")

    match = r"'jax' cannot be imported \(invalid .* 'JAX_DEBUG_NANS'"
    with monkeypatch.context() as patch:
        patch.setattr(backends, "import_module", fail)
        with pytest.raises(UserError, match=match):
            load()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("Unable to initialize backend 'cuda':\n no platform"), "'cuda': no platform"),
        (AssertionError(), "no platform could be initialized"),
    ],
)
def test_a_missing_device_is_one_sentence(
    error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(jax, "devices", fail)
    with pytest.raises(UserError, match=f"JAX has no device .*{reason}.* JAX_PLATFORMS"):
        load().engine.environment()
