from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import conv2d, matmul
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params

CONVOLUTIONS = 4
POOLED = (1, 3)
KERNEL = 3


@component
class Cnn:
    """Four 3 x 3 convolutions, 2 x 2 max-pooling after the second and the fourth, a hidden dense layer; ReLU after all
    but the last. Baydin et al. 2022, figure 5, has 64 channels and 1024 hidden units; its padding is not known to us."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """The images."""
    channels: PositiveInt = 64
    """Channels of each convolution."""
    hidden: PositiveInt = 1024
    """Width of the dense hidden layer."""
    padding: Literal["same", "valid"] = "same"
    """`same` pads each convolution by one pixel, `valid` by none."""

    def __post_init__(self) -> None:
        if min(self._side(self.dataset.height), self._side(self.dataset.width)) < 1:
            images = f"images of {self.dataset.height} x {self.dataset.width}"
            raise ValueError(
                f"{images} are too small for padding '{self.padding}', which needs 16 x 16: use 'same'"
            )

    def _side(self, pixels: int) -> int:
        for i in range(CONVOLUTIONS):
            pixels = pixels if self.padding == "same" else pixels - KERNEL + 1
            pixels = pixels // 2 if i in POOLED else pixels
        return pixels

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        params: dict[str, np.ndarray] = {}
        inputs = 1
        for i in range(CONVOLUTIONS):
            params |= _initialization.layer(
                rng, i, (self.channels, inputs, KERNEL, KERNEL), inputs * KERNEL**2
            )
            inputs = self.channels
        features = self.channels * self._side(self.dataset.height) * self._side(self.dataset.width)
        params |= _initialization.layer(rng, "hidden", (features, self.hidden), features)
        return params | _initialization.layer(
            rng, "out", (self.hidden, self.dataset.classes), self.hidden
        )

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        images, _ = batch
        x = images[:, None]
        for i in range(CONVOLUTIONS):
            x = conv2d(ops, x, params[f"weight_{i}"], 1 if self.padding == "same" else 0)
            x = ops.relu(x + params[f"bias_{i}"][:, None, None])
            x = ops.max_pool2d(x) if i in POOLED else x
        x = ops.relu(
            matmul(x.reshape(x.shape[0], -1), params["weight_hidden"]) + params["bias_hidden"]
        )
        return matmul(x, params["weight_out"]) + params["bias_out"]
