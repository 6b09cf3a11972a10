"""Branches that depend on a random index.

A traced graph holds one branch. The engine therefore traces a program once for each value of its
index, and once for the index itself, which it computes before each call.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree


@dataclass
class Specialization:
    """The value of the first index that decides a branch, fixed while a program is traced.

    Attributes:
        value: The value; None to stop at the first branch.
        index: The index; None if none has decided a branch yet.
        num_values: Number of values that the index can have.
        drawn: The indices that the program has drawn, each with its number of values.
    """

    value: int | None
    index: Tensor | None = None
    num_values: int = 1
    drawn: list[tuple[Tensor, int]] = field(default_factory=list)

    def value_of(self, index: Tensor) -> int | None:
        """Return the value of an index that decides a branch, or None if it is not fixed.

        Raises:
            FirstBranchError: The program is to stop at its first branch.
        """
        if self.index is None:
            for drawn, num_values in self.drawn:
                if drawn is index:
                    self.index, self.num_values = index, num_values
        if index is not self.index:
            return None
        if self.value is None:
            raise FirstBranchError
        return self.value


class FirstBranchError(Exception):
    """The end of a program that stops at its first branch."""


_active: list[Specialization] = []


@contextmanager
def _specialized(value: int | None) -> Iterator[Specialization]:
    specialization = Specialization(value)
    _active.append(specialization)
    try:
        yield specialization
    finally:
        _active.pop()


def specializations(f: Callable[[], Any]) -> Iterator[Specialization]:
    """Call f once for each value of its index; yield the specialization after each call."""
    value, num_values = 0, 1
    while value < num_values:
        with _specialized(value) as specialization:
            f()
        num_values = specialization.num_values
        yield specialization
        value += 1


def first_index(f: Callable[[], Any]) -> Tensor | None:
    """Call f up to its first branch; return the index that decides it, or None without one."""
    with _specialized(None) as specialization, suppress(FirstBranchError):
        f()
    return specialization.index


def drawn(index: Tensor, num_values: int) -> Tensor:
    """Return a drawn index, after its number of values is noted for a trace."""
    if _active:
        _active[-1].drawn.append((index, num_values))
    return index


def _value(index: Tensor) -> int | None:
    """Return the value of an index, or None if it differs between lanes or between calls."""
    if _is_batched(index):
        return None
    return _active[-1].value_of(index) if _active else int(index)


def _is_batched(index: Tensor) -> bool:
    is_batched: bool = torch._C._functorch.is_batchedtensor(index)
    return is_batched


def switch(index: Tensor, branches: Sequence[Callable[[], Any]], /) -> Any:
    value = _value(index)
    if value is not None:
        return branches[value]()
    result, *others = [branch() for branch in branches]
    for i, other in enumerate(others, start=1):
        result = _select(index == i, other, result)
    return result


def apply_if(index: Tensor, i: int, f: Callable[[Any, Any], Any], a: Any, x: Any, /) -> Any:
    value = _value(index)
    if value is None:
        return _select(index == i, f(a, x), x)
    return f(a, x) if value == i else x


def _select(condition: Tensor, x: Any, y: Any) -> Any:
    return pytree.tree_map(lambda a, b: torch.where(condition, a, b), x, y)
