"""Functional randomness for torch: a key is an int64 tensor, () or (lanes,), on the CPU; the same key gives the same draw.

torch's own random functions carry a hidden state that neither vmap nor a traced graph can follow per lane, so draws are
operators of our own with a rule for vmap. Small draws are hashed from a counter for all lanes at once (SplitMix64, Steele
et al. 2014), since a torch.Generator costs some 10 microseconds a lane; large ones take a torch.Generator seeded by the key.
The choice depends on the size alone, so that a trial's draws do not depend on its neighbours.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

WORD = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
STRIDE = 0x9E3779B1
HASHED_ENTRIES = 512


def _hash(bits: Any) -> Any:
    """Of an integer, or of an array of uint64."""
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & WORD
    return bits ^ (bits >> 31)


def _counter_bits(keys: np.ndarray, entries: int) -> np.ndarray:
    """64 random bits per entry. keys: (lanes,) uint64 -> (lanes, entries) uint64."""
    return _hash(keys[:, None] + np.uint64(GOLDEN) * np.arange(1, entries + 1, dtype=np.uint64))


def _hashed_normal(bits: np.ndarray) -> np.ndarray:
    """Box and Muller 1958: the high half of the bits gives the radius, the low half the angle."""
    radius = np.sqrt(-2 * np.log(((bits >> np.uint64(32)).astype(np.float64) + 0.5) * 2.0**-32))
    return radius * np.cos(
        (bits & np.uint64(0xFFFFFFFF)).astype(np.float64) * (2 * np.pi * 2.0**-32)
    )


def _hashed_signs(bits: np.ndarray) -> np.ndarray:
    return (bits >> np.uint64(63)).astype(np.float64) * 2 - 1


def _generated_normal(
    n: int, dtype: torch.dtype, device: torch.device, generator: torch.Generator
) -> Tensor:
    return torch.empty(n, dtype=dtype, device=device).normal_(generator=generator)


def _generated_signs(
    n: int, dtype: torch.dtype, device: torch.device, generator: torch.Generator
) -> Tensor:
    words = torch.empty(-(-n // 64), dtype=torch.int64, device=device).random_(
        -(2**63), None, generator=generator
    )
    return torch.index_select(
        _signs_of_bytes(dtype, device), 0, words.view(torch.uint8).int()
    ).reshape(-1)[:n]


@cache
def _signs_of_bytes(dtype: torch.dtype, device: torch.device) -> Tensor:
    """The eight signs that every byte holds: (256, 8). Looking them up is ten times as fast as drawing them one by one."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return torch.tensor(1 - 2.0 * bits, dtype=dtype, device=device)


HASHED = {"normal": _hashed_normal, "signs": _hashed_signs}
GENERATED = {"normal": _generated_normal, "signs": _generated_signs}


def _mix(key: Tensor) -> Tensor:
    if not key.ndim:
        # A number by itself takes a quarter of the time of an array of one.
        mixed = _hash(int(key.item()) & WORD)
        return torch.tensor(mixed - (WORD + 1) if mixed >> 63 else mixed)
    return torch.from_numpy(_hash(key.numpy().reshape(-1).view(np.uint64)).view(np.int64)).reshape(
        key.shape
    )


def _draw(law: str, key: Tensor, n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    keys = key.numpy().reshape(-1).view(np.uint64)
    if n <= HASHED_ENTRIES:
        return (
            torch.from_numpy(HASHED[law](_counter_bits(keys, n)))
            .to(device, dtype)
            .reshape(*key.shape, n)
        )
    lanes = [
        GENERATED[law](n, dtype, device, torch.Generator(device).manual_seed(seed))
        for seed in keys.tolist()
    ]
    return (torch.stack(lanes) if len(lanes) > 1 else lanes[0]).reshape(*key.shape, n)


# Library rather than custom_op: half the time of a call, and these calls are most of a small problem's step.
_library = torch.library.Library("dirgrad", "DEF")
_library.define("mix(Tensor key) -> Tensor")
_library.define("draw(str law, Tensor key, int n, ScalarType dtype, Device device) -> Tensor")
_library.impl("mix", _mix, "CPU")
_library.impl("draw", _draw, "CPU")

mix = torch.ops.dirgrad.mix.default
"""A new key from each key."""
draw = torch.ops.dirgrad.draw.default
"""One draw of a law per key: (*key.shape, n)."""


@torch.library.register_vmap("dirgrad::mix", lib=_library)
def _(info: Any, in_dims: Any, key: Tensor) -> tuple[Tensor, int]:
    return mix(key.movedim(in_dims[0], 0)), 0


@torch.library.register_vmap("dirgrad::draw", lib=_library)
def _(
    info: Any, in_dims: Any, law: str, key: Tensor, n: int, dtype: Any, device: Any
) -> tuple[Tensor, int]:
    return draw(law, key.movedim(in_dims[1], 0), n, dtype, device), 0
