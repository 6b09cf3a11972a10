from typing import Annotated, ClassVar

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core import checkpointing
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import conv2d
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params

KERNEL = 3
PADDING = 1
"""Pixels added on every side, so that a convolution keeps the size of an image."""
SMALLEST_SIDE = 2
"""Side of the smallest images, in pixels."""


@component
class ResidualCnn:
    """A residual convolutional network that classifies images.

    A 3 x 3 convolution and 2 x 2 max-pooling come first. Each block adds two 3 x 3 convolutions,
    each behind a ReLU, to its input (He et al. 2016, arXiv 1603.05027). The mean over all pixels
    feeds a dense output layer. Batch normalization is left out: with it, the loss of an example
    depends on the other examples. Instead, the addend of a block is scaled by 1/sqrt(blocks). With
    initial weights from N(0, 2/inputs), the variance of the features grows by at most a factor e,
    at every depth.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Images and labels."""
    channels: PositiveInt = 16
    """Number of channels of each convolution."""
    blocks: PositiveInt = 2
    """Number of residual blocks, with two convolutions each."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")
        _datasets.check_axes(self, ("height", "width"))
        height, width = self.dataset.example_shape
        if min(height, width) < SMALLEST_SIDE:
            raise ValueError(
                f"images of {height} x {width} are too small, because the max-pooling needs "
                f"{SMALLEST_SIDE} x {SMALLEST_SIDE}: use larger images, or problem 'mlp'"
            )

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        params: dict[str, np.ndarray] = {}
        num_inputs = 1
        for i in range(1 + 2 * self.blocks):
            kernel = (self.channels, num_inputs, KERNEL, KERNEL)
            params |= _initialization.relu_layer(rng, i, kernel, num_inputs * KERNEL**2)
            num_inputs = self.channels
        out = (self.channels, self.dataset.num_outputs)
        return params | _initialization.relu_layer(rng, "out", out, self.channels)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of images (n, height, width)."""

        def convolve(x: Array, kernel: Array, bias: Array) -> Array:
            return conv2d(ops, x, kernel, PADDING) + bias[:, None, None]

        def block(x: Array, *arrays: Array) -> Array:
            hidden = convolve(ops.relu(x), *arrays[:2])
            return x + self.blocks**-0.5 * convolve(ops.relu(hidden), *arrays[2:])

        layers = [(params[f"weight_{i}"], params[f"bias_{i}"]) for i in range(1 + 2 * self.blocks)]
        x = ops.max_pool2d(convolve(batch[0][:, None], *layers[0]))
        pairs = [(*layers[i], *layers[i + 1]) for i in range(1, len(layers), 2)]
        x = checkpointing.sequential(ops, block, x, pairs)
        return ops.relu(x).mean((2, 3)) @ params["weight_out"] + params["bias_out"]
