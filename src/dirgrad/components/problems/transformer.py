from typing import Annotated, ClassVar

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets
from dirgrad.components.registry import component, component_field
from dirgrad.core import checkpointing
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params

BLOCK = ("query", "key", "value", "mix", "expand", "contract")
"""Weights of a block, in the order of their use."""
EXPANSION = 4
"""Width of the hidden layer of a block, as a multiple of the width."""
LONGEST_WAVELENGTH = 10_000
"""Wavelength of the slowest position signal, in positions over 2 pi."""
VARIANCE_FLOOR = 1e-5
"""Addend to the variance in a normalization."""
MASKED = -1e30
"""Addend to the score of a later position. Its exponential is 0 in float32 and float64."""


@component
class Transformer:
    """A causal transformer, which predicts the next entry of a sequence at each of its positions.

    Each block adds causal self-attention and then a hidden layer of ReLUs, each behind a layer
    normalization (pre-norm, Xiong et al. 2020). Positions are sinusoids (Vaswani et al. 2017). The
    normalizations have no gain and no bias, and the layers have no biases. So every parameter is a
    matrix that multiplies once. The dataset sets the length and the number of answers: `text` asks
    for one at every position, and an image for one at the last row.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Sequences, or images that are read row by row, and their classes."""
    width: PositiveInt = 64
    """Number of features of a position."""
    heads: PositiveInt = 4
    """Number of attention heads, a divisor of the width."""
    depth: PositiveInt = 2
    """Number of blocks."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes", per_example=None)
        _datasets.check_axes(self, ("steps", "inputs"))
        if self.width % self.heads:
            raise ValueError(
                f"width {self.width} is not divisible by {self.heads} heads: choose a multiple of "
                f"{self.heads} as width, or another number of heads"
            )

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_inputs = self.dataset.example_shape[-1]
        hidden = EXPANSION * self.width
        rows = {"contract": hidden}
        columns = {"expand": hidden}
        # A character is one entry 1 of its example, so its features have the variance 1.
        params = {"weight_in": rng.standard_normal((num_inputs, self.width))}
        for i in range(self.depth):
            for name in BLOCK:
                shape = (rows.get(name, self.width), columns.get(name, self.width))
                params[f"{name}_{i}"] = rng.normal(0, shape[0] ** -0.5, shape)
        out = (self.width, self.dataset.num_outputs)
        return params | {"weight_out": rng.normal(0, self.width**-0.5, out)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n x answers, classes) of a batch of sequences (n, steps, inputs).

        The answers to one example are in consecutive rows.
        """
        sequences = batch[0]
        length = sequences.shape[1]

        def block(x: Array, *weights: Array) -> Array:
            *attention, expand, contract = weights
            x = x + self._attend(ops, _normalize(ops, x), *attention)
            return x + ops.relu(_normalize(ops, x) @ expand) @ contract

        positions = ops.constant(_positions(length, self.width), sequences)
        # The lookup of a character is a product with its one-hot vector.
        x = sequences @ params["weight_in"] + positions
        blocks = [tuple(params[f"{name}_{i}"] for name in BLOCK) for i in range(self.depth)]
        x = checkpointing.sequential(ops, block, x, blocks)
        answers = x[:, length - self.dataset.targets_per_example :]
        logits = _normalize(ops, answers) @ params["weight_out"]
        return logits.reshape(-1, self.dataset.num_outputs)

    def _attend(
        self, ops: Ops, x: Array, query: Array, key: Array, value: Array, mix: Array
    ) -> Array:
        """Compute self-attention over the positions of every example: (n, steps, width).

        Args:
            ops: Operations of the framework.
            x: Features (n, steps, width).
            query: Weight of the queries (width, width).
            key: Weight of the keys (width, width).
            value: Weight of the values (width, width).
            mix: Weight that mixes the heads (width, width).
        """
        _, length, _ = x.shape
        size = self.width // self.heads
        # Gradient checkpointing recomputes a block, which may use no array of an outer function.
        mask = ops.constant(np.triu(np.full((length, length), MASKED), 1), x)

        def split(features: Array) -> Array:
            by_head = features.reshape(*x.shape[:2], self.heads, size)
            return ops.swap_axes(by_head, 1, 2)

        queries, keys, values = split(x @ query), split(x @ key), split(x @ value)
        scores = queries @ ops.swap_axes(keys, 2, 3) * size**-0.5
        attended = ops.softmax(scores + mask) @ values
        return ops.swap_axes(attended, 1, 2).reshape(*x.shape) @ mix


def _normalize(ops: Ops, x: Array) -> Array:
    """Return the features of every position with mean 0 and variance 1 (layer normalization)."""
    centered = x - x.mean(-1)[..., None]
    variance = (centered * centered).mean(-1)[..., None]
    return centered / ops.sqrt(variance + VARIANCE_FLOOR)


def _positions(length: int, width: int) -> np.ndarray:
    """Return the sines and then the cosines of the positions: (length, width)."""
    num_waves = (width + 1) // 2
    frequencies = LONGEST_WAVELENGTH ** (-np.arange(num_waves) / num_waves)
    angles = np.arange(length)[:, None] * frequencies
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width]
