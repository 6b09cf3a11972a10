"""A GPU without hardware: PyTorch's device `meta`, whose tensors have shapes and no values.

On a GPU, a number on the CPU may meet tensors on the device. A CUDA graph would keep the value that
it had at the capture. Therefore every tensor must lie on the device.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from dirgrad.backends.torch import engine, ops

META = torch.device("meta")
# `torch.tensor` makes a tensor on the CPU and moves it.
MOVES = ("aten.lift_fresh", "aten._to_copy", "aten.detach", "prim.device")


class OnDeviceOnly(TorchDispatchMode):
    """Refuses every operator with a tensor on another device.

    Under vmap, PyTorch makes tensors of the numbers in the code. They never change, so they may lie
    on the CPU. Other numbers on the CPU come from `torch.tensor`, which calls `lift_fresh`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.num_calls = 0
        self._fresh: list[torch.Tensor] = []

    def __torch_dispatch__(
        self, operator: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        result = operator(*arguments, **(options or {}))
        self.num_calls += 1
        returned = _elsewhere(result)
        if str(operator).startswith(MOVES):
            self._fresh += returned if str(operator).startswith("aten.lift_fresh") else []
            return result
        fresh = {id(tensor) for tensor in self._fresh}
        given = [x for x in _elsewhere((arguments, options)) if x.ndim or id(x) in fresh]
        if given or returned:
            raise RuntimeError(f"{operator} has tensors on the CPU: {given or returned}")
        return result


def _elsewhere(x: Any) -> list[torch.Tensor]:
    """Return the tensors in x that do not lie on the device."""
    leaves = pytree.tree_leaves(x)
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.device != META]


@contextmanager
def fake_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[OnDeviceOnly]:
    """Let the backend of PyTorch place its tensors on a device without values."""
    for module in (ops, engine):
        monkeypatch.setattr(module, "DEVICE", META)
    with OnDeviceOnly() as mode:
        yield mode
