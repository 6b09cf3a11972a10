from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.problems.mlp import perceptron
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY, CROSS_ENTROPY_OVER_CLASSES
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class JaxTutorial:
    """The network of JAX's tutorial on MNIST and data loading in February 2022.

    The commit is google/jax b9b79bab3. The network has dense layers with ReLU. Weights and biases
    are drawn from 0.01 N(0, 1), and the loss is a mean over the batch and the classes. A critic of
    the forward gradient edited this tutorial to compare the method with SGD. Two properties decide
    which learning rates are usable: with ten classes the loss is a tenth of the usual
    cross-entropy, and the tutorial's pixels run from 0 to 255 (`scaling: raw` of the dataset).
    """

    plot_range: ClassVar[None] = None
    dataset: Annotated[Dataset, component_field("datasets")]
    """Examples and their classes. An example of any shape is flattened."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (512, 512)
    """Widths of the hidden layers."""
    loss_mean_over: Literal["batch_and_classes", "batch"] = "batch_and_classes"
    """Axes of the mean in the training loss: `batch_and_classes` as in the tutorial, or `batch` for
    the usual cross-entropy. The reported loss is always the usual one, in nats."""

    @property
    def criterion(self) -> Criterion:
        return CROSS_ENTROPY if self.loss_mean_over == "batch" else CROSS_ENTROPY_OVER_CLASSES

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_inputs = _datasets.num_inputs(self.dataset)
        widths = (num_inputs, *self.hidden, self.dataset.num_outputs)
        params: dict[str, np.ndarray] = {}
        for i, shape in enumerate(pairwise(widths)):
            params |= _initialization.normal_layer(rng, i, shape, 0.01)
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of examples (n, ...)."""
        examples = batch[0]
        return perceptron(ops, params, examples, len(self.hidden), ops.relu)
