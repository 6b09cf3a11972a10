"""Sequential layers, with optional gradient checkpointing."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import chain

from dirgrad.core.types import Array, Loss, Ops, Params

_SEGMENT: ContextVar[int | None] = ContextVar("segment", default=None)


def sequential(
    ops: Ops,
    layer: Callable[..., Array],
    x: Array,
    weights: Sequence[tuple[Array, ...]],
) -> Array:
    """Apply `layer` once per entry of `weights`: x <- layer(x, *weights[i]).

    Inside of `checkpointed`, reverse mode stores only the input of each segment of layers.

    Args:
        ops: Operations of the framework.
        layer: Map (x, *arrays) -> output of the layer, which is the next x.
        x: Input of the first layer.
        weights: Arrays of each layer; the same number for every layer.
    """
    segment = _SEGMENT.get()
    if segment is None:
        return _apply_layers(layer, x, weights)
    for first in range(0, len(weights), segment):
        part = weights[first : first + segment]
        run = _segment_function(layer, len(part[0]))
        x = ops.checkpoint(run, x, *chain.from_iterable(part))
    return x


def _apply_layers(
    layer: Callable[..., Array],
    x: Array,
    weights: Sequence[tuple[Array, ...]],
) -> Array:
    for arrays in weights:
        x = layer(x, *arrays)
    return x


def _segment_function(layer: Callable[..., Array], arrays_per_layer: int) -> Callable[..., Array]:
    """Return the map from x and the arrays of all layers of a segment to the segment's output."""

    def run(x: Array, *arrays: Array) -> Array:
        starts = range(0, len(arrays), arrays_per_layer)
        weights = [arrays[start : start + arrays_per_layer] for start in starts]
        return _apply_layers(layer, x, weights)

    return run


def checkpointed(loss: Loss, segment: int) -> Loss:
    """Return `loss` with gradient checkpointing in every call of `sequential`.

    Reverse mode stores the input of each segment of layers and recomputes the layers in the
    backward pass (Chen et al. 2016, arXiv 1604.06174).

    Args:
        loss: Loss as a function of the parameters.
        segment: Number of layers per segment.
    """

    def checkpointed_loss(params: Params) -> Array:
        token = _SEGMENT.set(segment)
        try:
            return loss(params)
        finally:
            _SEGMENT.reset(token)

    return checkpointed_loss
