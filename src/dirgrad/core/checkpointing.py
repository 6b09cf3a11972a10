"""Layers one after another, and how much reverse accumulation remembers of them."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import chain

from dirgrad.core.types import Array, Loss, Ops, Params

_SEGMENT: ContextVar[int | None] = ContextVar("segment", default=None)


def sequential(
    ops: Ops, layer: Callable[..., Array], x: Array, weights: Sequence[tuple[Array, ...]]
) -> Array:
    """layer(x, *weights[0]), then layer of that and weights[1], and so on."""
    segment = _SEGMENT.get()
    if segment is None:
        return _one_after_another(layer, x, weights)
    for first in range(0, len(weights), segment):
        part = weights[first : first + segment]

        def run(x: Array, *flat: Array, width: int = len(part[0])) -> Array:
            return _one_after_another(
                layer, x, [flat[i : i + width] for i in range(0, len(flat), width)]
            )

        x = ops.checkpoint(run, x, *chain.from_iterable(part))
    return x


def _one_after_another(
    layer: Callable[..., Array], x: Array, weights: Sequence[tuple[Array, ...]]
) -> Array:
    for each in weights:
        x = layer(x, *each)
    return x


def checkpointed(loss: Loss, segment: int) -> Loss:
    """The loss, of whose layers reverse accumulation remembers what goes into every `segment` of them, and runs these again on its
    way back (checkpointing: Chen et al. 2016, arXiv 1604.06174)."""

    def of(params: Params) -> Array:
        before = _SEGMENT.set(segment)
        try:
            return loss(params)
        finally:
            _SEGMENT.reset(before)

    return of
