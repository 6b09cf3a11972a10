from typing import Annotated, ClassVar

import numpy as np
from pydantic import PositiveInt

from dirgrad import initial
from dirgrad.catalogue import component, reference
from dirgrad.criterion import CROSS_ENTROPY
from dirgrad.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class Rnn:
    """A tanh recurrent network, as torch.nn.RNN has it, that reads an image row by row and classifies it from its last state."""

    window: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, reference("datasets")]
    """The images."""
    hidden: PositiveInt = 64
    """Width of the recurrent state."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return (
            initial.layer(rng, "in", (self.dataset.width, self.hidden), self.hidden)
            | initial.layer(rng, "recurrent", (self.hidden, self.hidden), self.hidden)
            | initial.layer(rng, "out", (self.hidden, self.dataset.classes), self.hidden)
        )

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        images, _ = batch

        def cell(state: Array, row: Array) -> tuple[Array, tuple[()]]:
            driven = row @ params["weight_in"] + params["bias_in"]
            return ops.tanh(driven + state @ params["weight_recurrent"] + params["bias_recurrent"]), ()

        state = ops.zeros((images.shape[0], self.hidden), images)
        state, _ = ops.scan(cell, state, ops.swap_axes(images, 0, 1))
        return state @ params["weight_out"] + params["bias_out"]
