from typing import Annotated, ClassVar

import numpy as np

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import matmul
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class LogisticRegression:
    """softmax(x W + b) with cross-entropy: convex. Baydin et al. 2022, figure 3."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """The images."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        pixels = self.dataset.height * self.dataset.width
        return _initialization.layer(rng, 0, (pixels, self.dataset.classes), pixels)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        images, _ = batch
        return matmul(images.reshape(images.shape[0], -1), params["weight_0"]) + params["bias_0"]
