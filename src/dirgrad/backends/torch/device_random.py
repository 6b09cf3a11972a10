"""Random draws on a GPU: the hash of a counter, for draws of every size.

A CUDA graph can capture these draws, because they need neither a torch.Generator nor the CPU. The
draws equal those on the CPU wherever the CPU hashes; normal draws are equal up to the rounding of
the logarithm and the cosine.

The arithmetic of a hash takes a dozen small kernels. A fused kernel, which PyTorch compiles while
the program runs, takes one. It is used only if it agrees with the arithmetic.
"""

import logging
from collections.abc import Callable
from functools import cache
from math import pi
from typing import Any, TypeAlias

import torch
from torch import Tensor

from dirgrad.backends.torch import random
from dirgrad.core.errors import one_line

HASH: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Function (keys, counter) -> the draws as float64, for int64 arguments that broadcast."""

# The code is an elementwise function of int64 entries. A float64 result travels in the bits of an
# int64, because PyTorch gives a compiled kernel the dtype of its arguments.
MIX = """
template <typename T> T mix(T key) {
  unsigned long long x = (unsigned long long)key;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return (T)(x ^ (x >> 31));
}
"""
FOLD_IN = """
template <typename T> T fold_in(T key, T index) {
  unsigned long long word = (unsigned long long)key;
  word += ((unsigned long long)index + 1) * 0x9E3779B1ULL;
  return mix<T>((T)word);
}
"""
VALUES = {
    "uniform": "(double)(x >> 40) / 16777216.0",
    "normal": (
        "sqrt(-2.0 * log(((double)(x >> 32) + 0.5) / 4294967296.0))"
        " * cos((double)(x & 0xFFFFFFFFULL) * (6.283185307179586 / 4294967296.0))"
    ),
    "signs": "(double)(x >> 63) * 2.0 - 1.0",
}
"""The draw of each law from 64 random bits x, in C++."""
DRAW = """
template <typename T> T draw(T key, T counter) {
  unsigned long long word = (unsigned long long)key;
  word += (unsigned long long)counter * 0x9E3779B97F4A7C15ULL;
  unsigned long long x = (unsigned long long)mix<T>((T)word);
  union { double value; T bits; } result;
  result.value = VALUE;
  return result.bits;
}
"""

_log = logging.getLogger(__name__)


def kernel_code(law: str) -> str:
    """Return the code of the fused kernel of a law, or of a new key for "mix" and "fold_in"."""
    keys = {"mix": MIX, "fold_in": MIX + FOLD_IN}
    return keys[law] if law in keys else MIX + DRAW.replace("VALUE", VALUES[law])


def _shift_right(x: Tensor, n: int) -> Tensor:
    """Shift as unsigned integers: zeros enter from the left."""
    return (x >> n) & ((1 << (64 - n)) - 1)


def hash_words(x: Tensor) -> Tensor:
    """Hash each int64 entry (SplitMix64, Steele et al. 2014); products wrap around."""
    x = (x ^ _shift_right(x, 30)) * random.signed(random.FIRST_FACTOR)
    x = (x ^ _shift_right(x, 27)) * random.signed(random.SECOND_FACTOR)
    return x ^ _shift_right(x, 31)


def hash_pairs(key: Tensor, index: Tensor) -> Tensor:
    """Hash each pair of a key and an index, which broadcast."""
    return hash_words(key + (index + 1) * random.STRIDE)


def _uniform(bits: Tensor) -> Tensor:
    return _shift_right(bits, 40).double() * 2.0**-24


def _normal(bits: Tensor) -> Tensor:
    radius = torch.sqrt(-2 * torch.log((_shift_right(bits, 32).double() + 0.5) * 2.0**-32))
    return radius * torch.cos((bits & 0xFFFFFFFF).double() * (2 * pi * 2.0**-32))


def _signs(bits: Tensor) -> Tensor:
    return _shift_right(bits, 63).double() * 2 - 1


FROM_BITS = {"uniform": _uniform, "normal": _normal, "signs": _signs}


def arithmetic(law: str) -> HASH:
    """Return the draws of a law by operators of PyTorch, on any device."""
    from_bits = FROM_BITS[law]
    return lambda keys, counter: from_bits(
        hash_words(keys + counter * random.signed(random.GOLDEN))
    )


def fused(law: str) -> HASH:
    """Return the draws of a law by one compiled kernel, on a GPU."""
    kernel = torch.cuda.jiterator._create_jit_fn(kernel_code(law))
    return lambda keys, counter: kernel(keys, counter).view(torch.float64)


@cache
def _mix_on_device() -> Callable[[Tensor], Tensor]:
    kernel = torch.cuda.jiterator._create_jit_fn(kernel_code("mix"))
    return _checked("mix", kernel, hash_words, (_sample_keys()[:, 0],))


@cache
def _fold_in_on_device() -> HASH:
    kernel = torch.cuda.jiterator._create_jit_fn(kernel_code("fold_in"))
    keys = _sample_keys()
    return _checked("fold_in", kernel, hash_pairs, (keys, keys[:, 0]))


@cache
def _draw_on_device(law: str) -> HASH:
    keys = _sample_keys()
    counter = torch.arange(1, 100, device=keys.device)
    return _checked(law, fused(law), arithmetic(law), (keys, counter))


def _sample_keys() -> Tensor:
    return hash_words(torch.arange(32, device="cuda"))[:, None]


def _checked(
    name: str, kernel: Callable[..., Tensor], reference: Callable[..., Tensor], sample: Any
) -> Callable[..., Tensor]:
    """Return the fused kernel if it agrees with the reference on a sample, else the reference."""
    try:
        error = (kernel(*sample) - reference(*sample)).abs().max().item()
        problem = "" if error <= 1e-12 else f"it is off by {error:.2g}"
    except RuntimeError as failure:
        problem = one_line(failure)
    if not problem:
        return kernel
    _log.warning("random draws `%s` run without their fused kernel: %s", name, problem)
    return reference


def mix(key: Tensor) -> Tensor:
    """Return a new key for each key, (...) int64."""
    return _mix_on_device()(key)


def fold_in(key: Tensor, index: Tensor) -> Tensor:
    """Return a new key for each pair of a key and an index, which broadcast."""
    return _fold_in_on_device()(key, index)


def draw(law: str, key: Tensor, n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return n draws from a law for each key: (*key.shape, n)."""
    return draw_with(_draw_on_device(law), key, n, dtype)


def draw_with(law: HASH, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """Return n draws for each key, where a law is given by its hash."""
    counter = torch.arange(1, n + 1, device=key.device)
    return law(key[..., None], counter).to(dtype)


_library = torch.library.Library("dirgrad", "IMPL")
_library.impl("mix", mix, "CUDA")
_library.impl("fold_in", fold_in, "CUDA")
_library.impl("draw", draw, "CUDA")
