"""Functional randomness for JAX: keys are its own, the many draws of a direction are hashed from a counter.

A direction needs a random word per parameter and step, and XLA's threefry takes some 16 nanoseconds a word on a CPU: most of a
plain forward gradient's step. Two rounds of an integer hash over a counter take less than a tenth of that. The hash is
`hash32` of Wellons' Hash Prospector; both words of a key enter it, so that the streams of two keys differ in more
than where they start.
"""

import jax
import jax.numpy as jnp
from jax import Array

GOLDEN = 0x9E3779B9


def _mixed(x: Array) -> Array:
    x = (x ^ (x >> 15)) * jnp.uint32(0x2C1B3C6D)
    x = (x ^ (x >> 12)) * jnp.uint32(0x297A2D39)
    return x ^ (x >> 15)


def bits(key: Array, n: int) -> Array:
    """n words of 32 random bits: (n,) uint32."""
    first, second = jax.random.key_data(key)
    return _mixed(_mixed(jnp.arange(n, dtype=jnp.uint32) * jnp.uint32(GOLDEN) + first) ^ second)


def normal(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """n draws of N(0, 1): in float32 by inversion of the 2^23 midpoints of (0, 1); in float64, which is for checks, JAX's own."""
    if dtype != jnp.float32:
        return jax.random.normal(key, (n,), dtype)
    unit = (
        jax.lax.bitcast_convert_type((bits(key, n) >> 9) | jnp.uint32(0x3F800000), jnp.float32) - 1
    )
    return jnp.float32(2**0.5) * jax.lax.erf_inv(2 * unit - jnp.float32(1 - 2**-23))


def signs(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """n signs, -1 or 1, 32 from a word."""
    words = bits(key, -(-n // 32))
    each = (words[:, None] >> jnp.arange(32, dtype=jnp.uint32)) & 1
    return 1 - 2 * each.reshape(-1)[:n].astype(dtype)
