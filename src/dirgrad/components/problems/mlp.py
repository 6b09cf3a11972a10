from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core import checkpointing
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import matmul
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class Mlp:
    """Dense layers with ReLU between them. Baydin et al. 2022, figure 4: two hidden layers of 1024 on MNIST."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """The images."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (1024, 1024)
    """The widths of the hidden layers."""
    repeat: PositiveInt = 1
    """How many times the hidden layers are repeated: a depth without a long list."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        widths = (
            self.dataset.height * self.dataset.width,
            *self.hidden * self.repeat,
            self.dataset.classes,
        )
        params: dict[str, np.ndarray] = {}
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            params |= _initialization.layer(rng, i, (inputs, outputs), inputs)
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        return perceptron(ops, params, batch[0], len(self.hidden) * self.repeat)


def perceptron(ops: Ops, params: Params, images: Array, hidden: int) -> Array:
    """Logits (n, classes) of images (n, height, width), after so many hidden layers."""
    x = images.reshape(images.shape[0], -1)
    weights = [(params[f"weight_{i}"], params[f"bias_{i}"]) for i in range(hidden)]
    x = checkpointing.sequential(
        ops, lambda x, weight, bias: ops.relu(matmul(x, weight) + bias), x, weights
    )
    return matmul(x, params[f"weight_{hidden}"]) + params[f"bias_{hidden}"]
