"""Dual numbers v + v' eps with eps^2 = 0 (Clifford 1873), in Python without a framework.

They are an independent reference for forward accumulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Dual:
    """The dual number value + tangent * eps."""

    value: float
    tangent: float = 0.0

    def __add__(self, other: Dual | float) -> Dual:
        other = lift(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other: Dual | float) -> Dual:
        other = lift(other)
        tangent = self.value * other.tangent + self.tangent * other.value
        return Dual(self.value * other.value, tangent)

    def __neg__(self) -> Dual:
        return self * -1.0

    def __sub__(self, other: Dual | float) -> Dual:
        return self + -lift(other)

    def __rsub__(self, other: float) -> Dual:
        return lift(other) - self

    __radd__ = __add__
    __rmul__ = __mul__


def lift(x: Dual | float) -> Dual:
    """Return x as a dual number; the tangent of a float is 0."""
    return x if isinstance(x, Dual) else Dual(float(x))


def _extend(
    f: Callable[[float], float], derivative: Callable[[float], float]
) -> Callable[[Dual], Dual]:
    """Extend a function of real numbers to dual numbers."""
    return lambda x: Dual(f(x.value), derivative(x.value) * x.tangent)


exp = _extend(math.exp, math.exp)
log = _extend(math.log, lambda value: 1 / value)
tanh = _extend(math.tanh, lambda value: 1 - math.tanh(value) ** 2)
relu = _extend(lambda value: max(value, 0.0), lambda value: float(value > 0))


def total(terms: Sequence[Dual]) -> Dual:
    """Return the sum of the terms."""
    return sum(terms, Dual(0.0))


def affine(x: Sequence[Dual], weight: Sequence[Sequence[Dual]], bias: Sequence[Dual]) -> list[Dual]:
    """Return x W + b."""
    outputs = []
    for j, offset in enumerate(bias):
        products = [entry * row[j] for entry, row in zip(x, weight, strict=True)]
        outputs.append(total(products) + offset)
    return outputs


def cross_entropy(logits: Sequence[Dual], label: int) -> Dual:
    """Return -log softmax(logits)[label]."""
    normalizer = total([exp(logit) for logit in logits])
    return log(normalizer) - logits[label]
