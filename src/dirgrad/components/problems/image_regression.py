from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.problems.mlp import perceptron
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import SQUARED_ERROR
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class ImageRegression:
    """A dense ReLU network that predicts the color of a pixel from its coordinates.

    Neural radiance fields start from the same kind of network. The problem is also a sequence of
    one step, so that estimators for sequences can be compared on it.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = SQUARED_ERROR
    length: ClassVar[int] = 1
    dataset: Annotated[Dataset, component_field("datasets")]
    """Image: features of the coordinates, and colors."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (64, 64)
    """Widths of the hidden layers."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "values")

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_inputs = _datasets.num_inputs(self.dataset)
        widths = (num_inputs, *self.hidden, self.dataset.num_outputs)
        params: dict[str, np.ndarray] = {}
        for i, shape in enumerate(pairwise(widths)):
            params |= _initialization.uniform_layer(rng, i, shape, fan_in=shape[0])
        return params

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        return {}

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return tuple(x[None] for x in batch)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        colors = self.outputs(ops, params, x)
        return state, self.criterion.loss(ops, colors, x)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the predicted colors (n, 3)."""
        features = batch[0]
        return perceptron(ops, params, features, len(self.hidden), ops.relu)
