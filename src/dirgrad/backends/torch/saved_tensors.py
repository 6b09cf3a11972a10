"""Memory of the tensors that autograd saves for the backward pass, counted by autograd's hooks.

torch.func's transforms do not allow hooks on saved tensors. Therefore the functions in this file
differentiate on autograd's own tape, which runs the same operators. A forward-mode derivative must
leave nothing on the tape.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from dirgrad.backends.torch.checkpoint import Checkpoint


class TapeOps:
    """The primitives of a module, with reverse mode on autograd's tape."""

    def __init__(self, ops: ModuleType) -> None:
        self._ops = ops

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ops, name)

    def vjp(
        self,
        f: Callable[..., Any],
        *primals: Any,
    ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        primal_leaves, primal_structure = pytree.tree_flatten(primals)
        leaves = [leaf.detach().requires_grad_() for leaf in primal_leaves]
        with torch.enable_grad():
            result = f(*pytree.tree_unflatten(leaves, primal_structure))
        outputs, result_structure = pytree.tree_flatten(result)

        def pull(cotangent: Any) -> tuple[Any, ...]:
            pairs = zip(outputs, pytree.tree_leaves(cotangent), strict=True)
            differentiable = [(output, c) for output, c in pairs if output.requires_grad]
            values, cotangents = zip(*differentiable, strict=True)
            gradients = torch.autograd.grad(
                values, leaves, cotangents, retain_graph=True, materialize_grads=True
            )
            return tuple(pytree.tree_unflatten(list(gradients), primal_structure))

        detached = [output.detach() for output in outputs]
        return pytree.tree_unflatten(detached, result_structure), pull

    def checkpoint(self, f: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        value: Tensor = Checkpoint.apply(self.vjp, f, *arguments)
        return value

    def value_and_grad(self, f: Callable[[Any], Tensor]) -> Callable[[Any], tuple[Tensor, Any]]:
        def differentiate(params: Any) -> tuple[Tensor, Any]:
            value, pull = self.vjp(f, params)
            (gradient,) = pull(torch.ones_like(value))
            return value, gradient

        return differentiate


class _Tape:
    """Number of bytes on the tape; counts each storage once and ignores the arguments' storages."""

    def __init__(self, arguments: list[Tensor]) -> None:
        self.ignored = {_storage_id(leaf) for leaf in arguments}
        self.num_saved: dict[int, int] = {}
        self.bytes = self.peak = 0

    def save(self, tensor: Tensor) -> "_SavedTensor":
        return _SavedTensor(self, tensor)

    def add(self, storage_id: int, size: int) -> None:
        if storage_id in self.ignored:
            return
        if not self.num_saved.get(storage_id):
            self.bytes += size
            self.peak = max(self.peak, self.bytes)
        self.num_saved[storage_id] = self.num_saved.get(storage_id, 0) + 1

    def drop(self, storage_id: int, size: int) -> None:
        if storage_id in self.ignored:
            return
        self.num_saved[storage_id] -= 1
        if not self.num_saved[storage_id]:
            self.bytes -= size


class _SavedTensor:
    """A tensor on the tape; it is counted until autograd releases it."""

    def __init__(self, tape: _Tape, tensor: Tensor) -> None:
        self.tape = tape
        self.tensor = tensor.detach()
        self.storage_id = _storage_id(tensor)
        self.size = tensor.untyped_storage().nbytes()
        tape.add(self.storage_id, self.size)

    def __del__(self) -> None:
        self.tape.drop(self.storage_id, self.size)


def _storage_id(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def saved_bytes(
    ops: ModuleType,
    build: Callable[[Any], Callable[..., Any]],
    arguments: tuple[Any, ...],
) -> int:
    """Return the peak number of bytes saved for the backward pass of build(ops)(*arguments).

    Each storage counts once. The arguments do not count.
    """
    tape = _Tape(pytree.tree_leaves(arguments))
    hooks = torch.autograd.graph.saved_tensors_hooks(tape.save, lambda saved: saved.tensor)
    with torch.no_grad(), hooks:
        build(TapeOps(ops))(*arguments)
    return tape.peak
