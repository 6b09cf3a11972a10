"""Dual numbers v + v' eps with eps^2 = 0, in pure Python: an oracle of forward accumulation that shares no code with any
framework (the arithmetic of Clifford 1873, as the document that this project starts from writes it)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Dual:
    """value + tangent * eps."""

    value: float
    tangent: float = 0.0

    def __add__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return Dual(
            self.value * other.value, self.value * other.tangent + self.tangent * other.value
        )

    def __neg__(self) -> Dual:
        return self * -1.0

    def __sub__(self, other: Dual | float) -> Dual:
        return self + -lift(other)

    def __rsub__(self, other: float) -> Dual:
        return lift(other) - self

    __radd__ = __add__
    __rmul__ = __mul__


def lift(x: Dual | float) -> Dual:
    """A number as a dual number without a tangent."""
    return x if isinstance(x, Dual) else Dual(float(x))


def _node(
    f: Callable[[float], float], derivative: Callable[[float], float]
) -> Callable[[Dual], Dual]:
    return lambda x: Dual(f(x.value), derivative(x.value) * x.tangent)


exp = _node(math.exp, math.exp)
log = _node(math.log, lambda v: 1 / v)
tanh = _node(math.tanh, lambda v: 1 - math.tanh(v) ** 2)
relu = _node(lambda v: max(v, 0.0), lambda v: float(v > 0))


def total(xs: Sequence[Dual]) -> Dual:
    """The sum."""
    return sum(xs, Dual(0.0))


def affine(x: Sequence[Dual], weight: Sequence[Sequence[Dual]], bias: Sequence[Dual]) -> list[Dual]:
    """x W + b."""
    return [
        total([a * row[j] for a, row in zip(x, weight, strict=True)]) + b
        for j, b in enumerate(bias)
    ]


def cross_entropy(logits: Sequence[Dual], label: int) -> Dual:
    """-log softmax(logits)[label]."""
    return log(total([exp(z) for z in logits])) - logits[label]
