from typing import Annotated, ClassVar

import numpy as np

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class LogisticRegression:
    """A convex classifier, softmax(x W + b) with cross-entropy (Baydin et al. 2022, figure 3)."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Examples and their classes. An example of any shape is flattened."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_inputs = _datasets.num_inputs(self.dataset)
        shape = (num_inputs, self.dataset.num_outputs)
        return _initialization.uniform_layer(rng, 0, shape, num_inputs)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of examples (n, ...)."""
        examples, _ = batch
        x = examples.reshape(examples.shape[0], -1)
        return x @ params["weight_0"] + params["bias_0"]
