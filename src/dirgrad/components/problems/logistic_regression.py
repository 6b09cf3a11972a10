from typing import Annotated, ClassVar

import numpy as np

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class LogisticRegression:
    """A convex classifier, softmax(x W + b) with cross-entropy (Baydin et al. 2022, figure 3)."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Images and labels."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_pixels = self.dataset.height * self.dataset.width
        shape = (num_pixels, self.dataset.classes)
        return _initialization.uniform_layer(rng, 0, shape, num_pixels)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of images (n, height, width)."""
        images, _ = batch
        x = images.reshape(images.shape[0], -1)
        return x @ params["weight_0"] + params["bias_0"]
