from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import conv2d
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params

CONVOLUTIONS = 4
POOLED = (1, 3)
"""Indices of the convolutions that are followed by max-pooling."""
KERNEL = 3
SMALLEST_SIDES = {"same": 4, "valid": 16}
"""Side of the smallest images, in pixels, by padding."""


@component
class Cnn:
    """A convolutional network that classifies images.

    It has four 3 x 3 convolutions, with 2 x 2 max-pooling after the second and the fourth, then a
    dense hidden layer and a dense output layer. Every layer except the last is followed by ReLU.
    The network of Baydin et al. 2022, figure 5, has 64 channels and 1024 hidden units; its padding
    is unknown to us.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Images and labels."""
    channels: PositiveInt = 64
    """Number of channels of each convolution."""
    hidden: PositiveInt = 1024
    """Width of the dense hidden layer."""
    padding: Literal["same", "valid"] = "same"
    """Padding of each convolution: `same` adds one pixel on every side, `valid` adds none."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")
        _datasets.check_axes(self, ("height", "width"))
        height, width = self.dataset.example_shape
        side = SMALLEST_SIDES[self.padding]
        if min(height, width) < side:
            raise ValueError(
                f"images of {height} x {width} are too small for padding '{self.padding}', which "
                f"needs {side} x {side}: use {self._remedy(min(height, width))}"
            )

    def _remedy(self, side: int) -> str:
        """Return what the user can do about images with a side of this length."""
        if side < SMALLEST_SIDES["same"]:
            return "larger images, or another problem, such as 'mlp'"
        return "'same'"

    def _pooled_size(self, pixels: int) -> int:
        """Return the side length of the last feature map for images of this side length."""
        for i in range(CONVOLUTIONS):
            if self.padding == "valid":
                pixels = pixels - KERNEL + 1
            if i in POOLED:
                pixels = pixels // 2
        return pixels

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        params: dict[str, np.ndarray] = {}
        num_inputs = 1
        for i in range(CONVOLUTIONS):
            kernel = (self.channels, num_inputs, KERNEL, KERNEL)
            fan_in = num_inputs * KERNEL**2
            params |= _initialization.uniform_layer(rng, i, kernel, fan_in)
            num_inputs = self.channels

        height, width = map(self._pooled_size, self.dataset.example_shape)
        num_features = self.channels * height * width
        hidden = (num_features, self.hidden)
        params |= _initialization.uniform_layer(rng, "hidden", hidden, num_features)
        out = (self.hidden, self.dataset.num_outputs)
        return params | _initialization.uniform_layer(rng, "out", out, self.hidden)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of images (n, height, width)."""
        images, _ = batch
        padding = 1 if self.padding == "same" else 0
        x = images[:, None]
        for i in range(CONVOLUTIONS):
            x = convolution(ops, params, x, i, padding)
        x = x.reshape(x.shape[0], -1)
        x = ops.relu(x @ params["weight_hidden"] + params["bias_hidden"])
        return x @ params["weight_out"] + params["bias_out"]


def convolution(ops: Ops, params: Params, x: Array, i: int, padding: int) -> Array:
    """Apply the convolution i with ReLU, and max-pooling where it follows: (n, c, h, w)."""
    x = conv2d(ops, x, params[f"weight_{i}"], padding)
    x = ops.relu(x + params[f"bias_{i}"][:, None, None])
    return ops.max_pool2d(x) if i in POOLED else x
