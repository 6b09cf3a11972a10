"""Functional random numbers for JAX: keys are JAX's own, but directions use a faster hash.

A direction needs one random word per parameter and step. XLA's threefry takes about 16 nanoseconds
per word on a CPU, which is most of the time of a plain forward-gradient step. Two rounds of an
integer hash of a counter take less than a tenth of that. The hash is `hash32` from the Hash
Prospector by Wellons. Both words of a key enter the hash, so the streams of two keys differ in more
than their starting points.
"""

import jax
import jax.numpy as jnp
from jax import Array

GOLDEN = 0x9E3779B9
ONE_IN_FLOAT32 = 0x3F800000
"""Bits of 1.0. Combined with 23 random mantissa bits they give a number in [1, 2)."""


def _hash(x: Array) -> Array:
    x = (x ^ (x >> 15)) * jnp.uint32(0x2C1B3C6D)
    x = (x ^ (x >> 12)) * jnp.uint32(0x297A2D39)
    return x ^ (x >> 15)


def bits(key: Array, n: int) -> Array:
    """Draw n words of 32 random bits: (n,) uint32."""
    first, second = jax.random.key_data(key)
    counter = jnp.arange(n, dtype=jnp.uint32) * jnp.uint32(GOLDEN)
    return _hash(_hash(counter + first) ^ second)


def _stored_bits(key: Array, n: int) -> Array:
    """Draw n words as `bits` does and store each 32 times, once per bit: (n, 32) uint32."""
    first, second = jax.random.key_data(key)
    counter = jnp.arange(n, dtype=jnp.uint32) * jnp.uint32(GOLDEN)
    counters = jnp.broadcast_to(counter[:, None], (n, 32))

    # XLA fuses a draw into each operation that uses it, and an entry of an outer product uses two
    # signs. It does not fuse out of a loop.
    def hash_next_word(i: Array, x: Array) -> Array:
        return _hash(jnp.where(i == 0, x + first, x ^ second))

    return jax.lax.fori_loop(0, 2, hash_next_word, counters)


def uniform(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """Draw n values that are uniform on [0, 1): (n,).

    In float32 a draw is a multiple of 2^-23. Other types use JAX's own generator. They serve only
    for checks.
    """
    if dtype != jnp.float32:
        return jax.random.uniform(key, (n,), dtype)
    mantissa = bits(key, n) >> 9
    in_one_two = mantissa | jnp.uint32(ONE_IN_FLOAT32)
    return jax.lax.bitcast_convert_type(in_one_two, jnp.float32) - 1


def normal(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """Draw n values of N(0, 1): (n,).

    In float32 a uniform draw is a midpoint of one of 2^23 equal cells of (0, 1), and the inverse
    distribution function is applied to it. Other types use JAX's own generator. They serve only for
    checks.
    """
    if dtype != jnp.float32:
        return jax.random.normal(key, (n,), dtype)
    centered = 2 * uniform(key, n, dtype) - jnp.float32(1 - 2**-23)
    return jnp.float32(2**0.5) * jax.lax.erf_inv(centered)


def signs(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """Draw n signs, -1 or 1, from n bits: (n,)."""
    num_words = -(-n // 32)
    return _signs_from(bits(key, num_words)[:, None], n, dtype)


def reused_signs(key: Array, n: int, dtype: jnp.dtype) -> Array:
    """Draw the same signs as `signs` with words that are stored: (n,)."""
    num_words = -(-n // 32)
    return _signs_from(_stored_bits(key, num_words), n, dtype)


def _signs_from(words: Array, n: int, dtype: jnp.dtype) -> Array:
    """Return n signs from words (m, 1) or (m, 32), where column j gives bit j."""
    shifts = jnp.arange(32, dtype=jnp.uint32)
    sign_bits = (words >> shifts) & 1
    return 1 - 2 * sign_bits.reshape(-1)[:n].astype(dtype)
