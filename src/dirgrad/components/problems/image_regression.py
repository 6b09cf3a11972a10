from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _initialization
from dirgrad.components.problems.mlp import perceptron
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import SQUARED_ERROR
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class ImageRegression:
    """The colours of an image from coordinates, by dense layers with ReLU between them, as neural radiance fields begin.

    Read as a sequence of one step, so that estimators that go along sequences can be compared on it.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = SQUARED_ERROR
    length: ClassVar[int] = 1
    dataset: Annotated[Dataset, component_field("datasets")]
    """The image: features of the coordinates, and colours."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (64, 64)
    """The widths of the hidden layers."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        widths = (self.dataset.height * self.dataset.width, *self.hidden, self.dataset.classes)
        params: dict[str, np.ndarray] = {}
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            params |= _initialization.layer(rng, i, (inputs, outputs), inputs)
        return params

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        return {}

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        return tuple(x[None] for x in batch)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        return state, self.criterion.loss(ops, self.outputs(ops, params, x), x)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """The colours (n, 3)."""
        return perceptron(ops, params, batch[0], len(self.hidden))
