"""What reverse accumulation keeps for its way back, as autograd itself tells.

torch.func's transforms refuse hooks on saved tensors. Here they give way to autograd's own tape, on which the same operators
run: a forward-mode derivative must leave nothing on it.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from dirgrad.backends.torch.checkpoint import Checkpoint


class Taped:
    """The primitives of a module, with reverse accumulation by autograd's tape."""

    def __init__(self, ops: ModuleType) -> None:
        self._ops = ops

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ops, name)

    def vjp(
        self, f: Callable[..., Any], *primals: Any
    ) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        leaves, structure = pytree.tree_flatten(primals)
        leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        with torch.enable_grad():
            result = f(*pytree.tree_unflatten(leaves, structure))
        outputs, shape = pytree.tree_flatten(result)

        def pull(cotangent: Any) -> tuple[Any, ...]:
            on = [
                (x, c)
                for x, c in zip(outputs, pytree.tree_leaves(cotangent), strict=True)
                if x.requires_grad
            ]
            values, cotangents = zip(*on, strict=True)
            found = torch.autograd.grad(
                values, leaves, cotangents, retain_graph=True, materialize_grads=True
            )
            return tuple(pytree.tree_unflatten(list(found), structure))

        return pytree.tree_unflatten([output.detach() for output in outputs], shape), pull

    def checkpoint(self, f: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        found: Tensor = Checkpoint.apply(self.vjp, f, *arguments)
        return found

    def value_and_grad(self, f: Callable[[Any], Tensor]) -> Callable[[Any], tuple[Tensor, Any]]:
        def of(params: Any) -> tuple[Tensor, Any]:
            value, pull = self.vjp(f, params)
            (gradient,) = pull(torch.ones_like(value))
            return value, gradient

        return of


class _Tape:
    """Bytes on the tape, each storage once, those of the arguments not."""

    def __init__(self, arguments: list[Tensor]) -> None:
        self.given = {_storage(leaf) for leaf in arguments}
        self.held: dict[int, int] = {}
        self.bytes = self.most = 0

    def keep(self, tensor: Tensor) -> "_Kept":
        return _Kept(self, tensor)

    def add(self, storage: int, size: int) -> None:
        if storage in self.given:
            return
        if not self.held.get(storage):
            self.bytes += size
            self.most = max(self.most, self.bytes)
        self.held[storage] = self.held.get(storage, 0) + 1

    def drop(self, storage: int, size: int) -> None:
        if storage in self.given:
            return
        self.held[storage] -= 1
        if not self.held[storage]:
            self.bytes -= size


class _Kept:
    """A tensor on the tape, until autograd lets go of it."""

    def __init__(self, tape: _Tape, tensor: Tensor) -> None:
        self.tape, self.tensor = tape, tensor.detach()
        self.place = _storage(tensor), tensor.untyped_storage().nbytes()
        tape.add(*self.place)

    def __del__(self) -> None:
        self.tape.drop(*self.place)


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def saved_bytes(
    ops: ModuleType, build: Callable[[Any], Callable[..., Any]], arguments: tuple[Any, ...]
) -> int:
    """The most bytes saved for backward at once, while build(ops) is called; the arguments themselves not counted."""
    tape = _Tape(pytree.tree_leaves(arguments))
    with (
        torch.no_grad(),
        torch.autograd.graph.saved_tensors_hooks(tape.keep, lambda kept: kept.tensor),
    ):
        build(Taped(ops))(*arguments)
    return tape.most
