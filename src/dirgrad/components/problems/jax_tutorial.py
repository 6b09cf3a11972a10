from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _initialization
from dirgrad.components.problems.mlp import perceptron
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class JaxTutorial:
    """The network of JAX's tutorial on MNIST and data loading, as of February 2022 (google/jax b9b79bab3): dense layers with
    ReLU, weights and biases from 0.01 N(0, 1), a loss that is a mean over batch and classes.

    It is the one that a critic edited to compare the forward gradient with SGD. Two of its traits decide the usable rate:
    its loss is a tenth of the usual cross-entropy, and its pixels are 0 .. 255 (`scaling: raw` of the data set).
    """

    plot_range: ClassVar[None] = None
    dataset: Annotated[Dataset, component_field("datasets")]
    """The images."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (512, 512)
    """The widths of the hidden layers."""
    loss_mean_over: Literal["batch_and_classes", "batch"] = "batch_and_classes"
    """The loss that is minimised: the tutorial's, or the usual one; what is reported is always the usual one, in nats."""

    @property
    def criterion(self) -> Criterion:
        return CROSS_ENTROPY if self.loss_mean_over == "batch" else CROSS_ENTROPY_OVER_CLASSES

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        widths = (self.dataset.height * self.dataset.width, *self.hidden, self.dataset.classes)
        params: dict[str, np.ndarray] = {}
        for i, shape in enumerate(pairwise(widths)):
            params |= _initialization.normal_layer(rng, i, shape, 0.01)
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        return perceptron(ops, params, batch[0], len(self.hidden))
