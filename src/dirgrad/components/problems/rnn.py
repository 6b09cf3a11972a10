from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from dirgrad.components import registry
from dirgrad.components.problems import _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.perturbation import matmul
from dirgrad.core.recurrent import Unit
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class Rnn:
    """A recurrent network that reads an image step by step and answers at the last ones, of a picture at the very last."""

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """The images."""
    hidden: PositiveInt = 64
    """n, the number of recurrent units."""
    unit: Annotated[Unit, component_field("units")] = registry.default("units", "tanh")
    """The kind of recurrent unit."""
    read: Literal["rows", "pixels"] = "rows"
    """What it sees at a step: a row, or a pixel, row after row."""

    @property
    def length(self) -> int:
        return self.dataset.height * (self.dataset.width if self.read == "pixels" else 1)

    @property
    def inputs(self) -> int:
        """Entries of what is seen at a step."""
        return self.dataset.width if self.read == "rows" else 1

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        columns = self.unit.gates * self.hidden
        return (
            _initialization.layer(rng, "in", (self.inputs, columns), self.hidden)
            | _initialization.layer(rng, "recurrent", (self.hidden, columns), self.hidden)
            | _initialization.layer(rng, "out", (self.hidden, self.dataset.classes), self.hidden)
        )

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        zero = ops.zeros((batch[0].shape[0], self.hidden), batch[0])
        return dict.fromkeys(self.unit.state_names, zero)

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        """(seen (T, batch, inputs), labels (T, batch), share of each step in the loss (T,))."""
        images, labels = batch
        seen, asked = self._seen(ops, images), self.dataset.answers
        labels = ops.swap_axes(labels.reshape(-1, asked), 0, 1)
        before = ops.zeros((self.length - asked, labels.shape[1]), labels)
        share = np.repeat([0.0, 1 / asked], [self.length - asked, asked])
        return seen, ops.concatenate([before, labels]), ops.constant(share, images)

    def _seen(self, ops: Ops, images: Array) -> Array:
        return ops.swap_axes(images.reshape(images.shape[0], self.length, self.inputs), 0, 1)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        seen, labels, share = x
        state = self._next(ops, params, state, seen)
        return state, share * ops.cross_entropy(_answer(params, state), labels)

    def _next(self, ops: Ops, params: Params, state: Params, seen: Array) -> Params:
        return self.unit.update(ops, params, state, seen, matmul)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """The logits (batch x answers, classes), the answers of one example beside each other."""
        seen, asked = self._seen(ops, batch[0]), self.dataset.answers

        def silent(state: Params, x: Array) -> tuple[Params, tuple[()]]:
            return self._next(ops, params, state, x), ()

        def answering(state: Params, x: Array) -> tuple[Params, Array]:
            state = self._next(ops, params, state, x)
            return state, _answer(params, state)

        state, _ = ops.scan(
            silent, self.initial_state(ops, params, batch), seen[: self.length - asked]
        )
        _, logits = ops.scan(answering, state, seen[self.length - asked :])
        return ops.swap_axes(logits, 0, 1).reshape(-1, self.dataset.classes)


def _answer(params: Params, state: Params) -> Array:
    return matmul(state["h"], params["weight_out"]) + params["bias_out"]
