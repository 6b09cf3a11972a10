"""Fixed values for the settings of JAX that can change results.

JAX takes each of its settings from an environment variable, such as `JAX_RANDOM_SEED_OFFSET`. A
trial must be a function of its seed, its rate and its job.
"""

from typing import Any

import jax

FIXED: dict[str, Any] = {
    # Random numbers: `random.bits` reads keys of two words.
    "jax_random_seed_offset": 0,
    "jax_default_prng_impl": "threefry2x32",
    "jax_enable_custom_prng": False,
    "jax_threefry_partitionable": True,
    "jax_legacy_prng_key": "allow",
    # A trial that diverges is a row with this status.
    "jax_debug_nans": False,
    "jax_debug_infs": False,
    "jax_error_checking_behavior_nan": "ignore",
    "jax_error_checking_behavior_divide": "ignore",
    "jax_error_checking_behavior_oob": "ignore",
    # A GPU would otherwise round the factors of float32 products to 10 bits (TF32).
    "jax_default_matmul_precision": "highest",
    # Data types and shapes.
    "jax_numpy_dtype_promotion": "standard",
    "jax_numpy_rank_promotion": "allow",
    "jax_explicit_x64_dtypes": "warn",
    # Programs are compiled anew, because the compile time is recorded.
    "jax_disable_jit": False,
    "jax_compilation_cache_dir": None,
    "jax_enable_compilation_cache": False,
    "jax_disable_most_optimizations": False,
    "jax_no_execution": False,
    "jax_no_tracing": False,
    # Checks that stop a correct program.
    "jax_debug_key_reuse": False,
    "jax_enable_checks": False,
    "jax_check_tracer_leaks": False,
    "jax_array_garbage_collection_guard": None,
    "jax_transfer_guard": "allow",
    "jax_transfer_guard_host_to_device": "allow",
    "jax_transfer_guard_device_to_host": "allow",
    "jax_transfer_guard_device_to_device": "allow",
}
"""Value of each setting. A setting that this version of JAX lacks is left out."""


def fix() -> None:
    """Set them in this process."""
    for name, value in FIXED.items():
        if name in jax.config.values:
            jax.config.update(name, value)
