"""Functional random numbers for torch: equal keys give equal draws.

A key is an int64 tensor, () or (lanes,). torch's own random functions have hidden state, which
neither vmap nor a traced graph can separate by lane. The draws are therefore custom operators with
their own vmap rule.

Small draws hash a counter for all lanes at once (SplitMix64, Steele et al. 2014), because creating
a torch.Generator takes about 10 microseconds per lane. Large draws use a torch.Generator seeded by
the key. The choice depends only on the size of a draw, so the draws of a trial do not depend on
the other lanes. Draws on a GPU are in `device_random.py`.

A key has 64 bits, and the generator of a CPU takes the lower 32 of them. Keys are hashes, so the
large draws of two different keys are equal with probability 2^-32. Among n keys, n^2 / 2^33 pairs
are expected: 0.2 among the 40,000 draws of a measurement. Small draws, and all draws on a GPU, use
all 64 bits.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST_FACTOR = 0xBF58476D1CE4E5B9
SECOND_FACTOR = 0x94D049BB133111EB
STRIDE = 0x9E3779B1
HASHED_ENTRIES = 512
"""Largest number of entries that are hashed instead of generated."""


def _hash(bits: Any) -> Any:
    """Hash an integer, or each entry of a uint64 array."""
    bits = ((bits ^ (bits >> 30)) * FIRST_FACTOR) & WORD
    bits = ((bits ^ (bits >> 27)) * SECOND_FACTOR) & WORD
    return bits ^ (bits >> 31)


def _counter_bits(keys: np.ndarray, num_entries: int) -> np.ndarray:
    """Draw 64 bits per entry, (lanes,) uint64 -> (lanes, num_entries) uint64."""
    counter = np.arange(1, num_entries + 1, dtype=np.uint64)
    return _hash(keys[:, None] + np.uint64(GOLDEN) * counter)


def _hashed_uniform(bits: np.ndarray) -> np.ndarray:
    # A finer fraction could become 1 when it is rounded to float32.
    fraction = bits >> np.uint64(40)
    return fraction.astype(np.float64) * 2.0**-24


def _hashed_normal(bits: np.ndarray) -> np.ndarray:
    """Turn each 64 bits into N(0, 1): radius from the high half, angle from the low half."""
    # Box and Muller (1958).
    high = (bits >> np.uint64(32)).astype(np.float64)
    radius = np.sqrt(-2 * np.log((high + 0.5) * 2.0**-32))
    low = (bits & np.uint64(0xFFFFFFFF)).astype(np.float64)
    angle = low * (2 * np.pi * 2.0**-32)
    return radius * np.cos(angle)


def _hashed_signs(bits: np.ndarray) -> np.ndarray:
    top_bit = bits >> np.uint64(63)
    return top_bit.astype(np.float64) * 2 - 1


def _generated_uniform(
    n: int,
    dtype: torch.dtype,
    device: torch.device,
    generator: torch.Generator,
) -> Tensor:
    empty = torch.empty(n, dtype=dtype, device=device)
    return empty.uniform_(generator=generator)


def _generated_normal(
    n: int,
    dtype: torch.dtype,
    device: torch.device,
    generator: torch.Generator,
) -> Tensor:
    empty = torch.empty(n, dtype=dtype, device=device)
    return empty.normal_(generator=generator)


def _generated_signs(
    n: int,
    dtype: torch.dtype,
    device: torch.device,
    generator: torch.Generator,
) -> Tensor:
    num_words = -(-n // 64)
    words = torch.empty(num_words, dtype=torch.int64, device=device)
    words = words.random_(-(2**63), None, generator=generator)
    indices = words.view(torch.uint8).int()
    signs = torch.index_select(_byte_signs(dtype, device), 0, indices)
    return signs.reshape(-1)[:n]


@cache
def _byte_signs(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the eight signs of each byte, (256, 8)."""
    # Looking signs up is ten times as fast as drawing each sign.
    all_bytes = np.arange(256, dtype=np.uint8)
    bits = np.unpackbits(all_bytes[:, None], axis=1)
    return torch.tensor(1 - 2.0 * bits, dtype=dtype, device=device)


HASHED = {"uniform": _hashed_uniform, "normal": _hashed_normal, "signs": _hashed_signs}
GENERATED = {
    "uniform": _generated_uniform,
    "normal": _generated_normal,
    "signs": _generated_signs,
}


def _as_words(key: Tensor) -> np.ndarray:
    """Return the keys as uint64, with () flattened to (1,)."""
    return key.numpy().reshape(-1).view(np.uint64)


def signed(word: int) -> int:
    """Return the int64 with the bits of a uint64."""
    return word - (WORD + 1) if word >> 63 else word


def _as_key(word: int) -> Tensor:
    return torch.tensor(signed(word))


def _hash_word(word: int) -> int:
    """Hash one key, which as an integer takes a quarter of the time of an array of length 1."""
    return int(_hash(word & WORD))


def _mix(key: Tensor) -> Tensor:
    if key.ndim:
        mixed = _hash(_as_words(key)).view(np.int64)
        return torch.from_numpy(mixed).reshape(key.shape)
    return _as_key(_hash_word(int(key.item())))


def _fold_in_arrays(key: Tensor, index: Tensor) -> Tensor:
    mixed: Tensor = mix(key + (index + 1) * STRIDE)
    return mixed


def _fold_in(key: Tensor, index: Tensor) -> Tensor:
    if key.ndim or index.ndim:
        return _fold_in_arrays(key, index)
    return _as_key(_folded(int(key.item()), index))


def _folded(word: int, index: Tensor) -> int:
    return _hash_word(word + (int(index.item()) + 1) * STRIDE)


def _draw(law: str, key: Tensor, n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    if not key.ndim and n > HASHED_ENTRIES:
        return _draw_from_word(law, int(key.item()) & WORD, n, dtype, device)
    words = _as_words(key)
    if n <= HASHED_ENTRIES:
        values = HASHED[law](_counter_bits(words, n))
        tensor = torch.from_numpy(values).to(device, dtype)
        return tensor.reshape(*key.shape, n)
    lanes = [_draw_from_word(law, word, n, dtype, device) for word in words.tolist()]
    stacked = torch.stack(lanes) if len(lanes) > 1 else lanes[0]
    return stacked.reshape(*key.shape, n)


def _draw_from_word(
    law: str, word: int, n: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    generator = torch.Generator(device).manual_seed(word)
    return GENERATED[law](n, dtype, device, generator)


def draw_after_folding(
    law: str, key: Tensor, n: int, dtype: torch.dtype, device: torch.device, *indices: Tensor
) -> Tensor:
    """Return the draw whose key is `key` with each index folded in, without the keys between."""
    if key.ndim or n <= HASHED_ENTRIES or any(index.ndim for index in indices):
        for index in indices:
            key = _fold_in(key, index)
        return _draw(law, key, n, dtype, device)
    word = int(key.item())
    for index in indices:
        word = _folded(word, index)
    return _draw_from_word(law, word, n, dtype, device)


# A call through Library takes half the time of a call through custom_op. These calls take most of
# the time of a small problem's step.
_library = torch.library.Library("dirgrad", "DEF")
_library.define("mix(Tensor key) -> Tensor")
_library.define("fold_in(Tensor key, Tensor index) -> Tensor")
_library.define("draw(str law, Tensor key, int n, ScalarType dtype, Device device) -> Tensor")
_library.impl("mix", _mix, "CPU")
_library.impl("fold_in", _fold_in, "CPU")
_library.impl("draw", _draw, "CPU")


def _empty_draw(law: str, key: Tensor, n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.empty(*key.shape, n, dtype=dtype, device=device)


def _empty_keys(key: Tensor, index: Tensor) -> Tensor:
    return torch.empty_like(key + index)


torch.library.register_fake("dirgrad::mix", torch.empty_like, lib=_library)
torch.library.register_fake("dirgrad::fold_in", _empty_keys, lib=_library)
torch.library.register_fake("dirgrad::draw", _empty_draw, lib=_library)

mix = torch.ops.dirgrad.mix.default
"""Return a new key for each key, in the shape of the keys."""
fold_in = torch.ops.dirgrad.fold_in.default
"""Return a new key for each pair of a key and an index; the two broadcast."""
draw = torch.ops.dirgrad.draw.default
"""Return n draws from a law for each key: (*key.shape, n)."""
CPU_KERNELS = {mix: _mix, fold_in: _fold_in, draw: _draw}
"""The functions behind the operators for keys on the CPU; a direct call takes less time."""


@torch.library.register_vmap("dirgrad::mix", lib=_library)
def _(info: Any, in_dims: Any, key: Tensor) -> tuple[Tensor, int]:
    return mix(key.movedim(in_dims[0], 0)), 0


@torch.library.register_vmap("dirgrad::fold_in", lib=_library)
def _(info: Any, in_dims: Any, key: Tensor, index: Tensor) -> tuple[Tensor, int]:
    rank = max(x.ndim - (axis is not None) for x, axis in zip((key, index), in_dims, strict=True))
    lanes_first = [
        x if axis is None else _lanes_first(x, axis, rank)
        for x, axis in zip((key, index), in_dims, strict=True)
    ]
    return fold_in(*lanes_first), 0


def _lanes_first(x: Tensor, axis: int, rank: int) -> Tensor:
    """Return x with the lanes as its first axis, before `rank` axes that broadcast."""
    x = x.movedim(axis, 0)
    ones = (1,) * (rank + 1 - x.ndim)
    return x.reshape(len(x), *ones, *x.shape[1:])


@torch.library.register_vmap("dirgrad::draw", lib=_library)
def _(
    info: Any,
    in_dims: Any,
    law: str,
    key: Tensor,
    n: int,
    dtype: Any,
    device: Any,
) -> tuple[Tensor, int]:
    lanes_first = key.movedim(in_dims[1], 0)
    return draw(law, lanes_first, n, dtype, device), 0
