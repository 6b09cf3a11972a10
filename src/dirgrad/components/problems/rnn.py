import operator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from dirgrad.components import registry
from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.recurrent import InitializedUnit, Unit
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class Rnn:
    """A recurrent network that reads a sequence step by step and classifies at the last steps.

    The dataset sets the number of answers: one for an image, at the very last step, and one for
    every character of `text`.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Sequences, or images that are read as sequences, and their classes."""
    hidden: PositiveInt = 64
    """Number of recurrent units, n."""
    unit: Annotated[Unit, component_field("units")] = registry.default("units", "tanh")
    """Kind of recurrent unit."""
    read: Literal["rows", "pixels"] = "rows"
    """Input of a step: a row of the example, or one entry in row-by-row order."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes", per_example=None)
        if self.read == "rows":
            _datasets.check_axes(self, ("steps", "inputs"))

    @property
    def length(self) -> int:
        """Number of steps, T."""
        return _datasets.num_inputs(self.dataset) // self.num_inputs

    @property
    def num_inputs(self) -> int:
        """Number of inputs of a step."""
        return self.dataset.example_shape[-1] if self.read == "rows" else 1

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        n = self.hidden
        if isinstance(self.unit, InitializedUnit):
            params = self.unit.init_params(rng, self.num_inputs, n)
        else:
            params = self._unit_layers(rng)
        return params | _initialization.uniform_layer(rng, "out", (n, self.dataset.num_outputs), n)

    def _unit_layers(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Draw the weights from the inputs to the units, and between the units."""
        n = self.hidden
        num_columns = self.unit.gates * n
        from_inputs = _initialization.uniform_layer(rng, "in", (self.num_inputs, num_columns), n)
        return from_inputs | _initialization.uniform_layer(rng, "recurrent", (n, num_columns), n)

    def initial_state(self, ops: Ops, params: Params, batch: Batch) -> Params:
        examples = batch[0]
        zeros = ops.zeros((examples.shape[0], self.hidden), examples)
        return dict.fromkeys(self.unit.state_names, zeros)

    def observations(self, ops: Ops, batch: Batch) -> Batch:
        """Return the inputs, the label and the weight in the loss of every step.

        Steps before the answers have label 0 and weight 0.

        Returns:
            Inputs (T, batch, inputs), labels (T, batch) and weights (T,).
        """
        examples, labels = batch
        inputs = self._step_inputs(ops, examples)
        num_answers = self.dataset.targets_per_example
        num_silent = self.length - num_answers
        labels = ops.swap_axes(labels.reshape(-1, num_answers), 0, 1)
        no_labels = ops.zeros((num_silent, labels.shape[1]), labels)
        weights = np.repeat([0.0, 1 / num_answers], [num_silent, num_answers])
        return inputs, ops.concatenate([no_labels, labels]), ops.constant(weights, examples)

    def _step_inputs(self, ops: Ops, examples: Array) -> Array:
        sequences = examples.reshape(examples.shape[0], self.length, self.num_inputs)
        return ops.swap_axes(sequences, 0, 1)

    def advance(self, ops: Ops, params: Params, state: Params, x: Batch) -> tuple[Params, Array]:
        state = self._next_state(ops, params, state, x[0])
        return state, self.step_loss(ops, params, state, x)

    def step_loss(self, ops: Ops, params: Params, state: Params, x: Batch) -> Array:
        _, labels, weight = x
        return weight * ops.cross_entropy(_logits(params, state), labels)

    def _next_state(self, ops: Ops, params: Params, state: Params, inputs: Array) -> Params:
        return self.unit.update(ops, params, state, inputs, operator.matmul)

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (batch x answers, classes).

        The answers to one example are in consecutive rows.
        """
        inputs = self._step_inputs(ops, batch[0])
        num_silent = self.length - self.dataset.targets_per_example

        def read(state: Params, x: Array) -> tuple[Params, tuple[()]]:
            return self._next_state(ops, params, state, x), ()

        def read_and_answer(state: Params, x: Array) -> tuple[Params, Array]:
            state = self._next_state(ops, params, state, x)
            return state, _logits(params, state)

        state = self.initial_state(ops, params, batch)
        if num_silent:
            state, _ = ops.scan(read, state, inputs[:num_silent])
        _, logits = ops.scan(read_and_answer, state, inputs[num_silent:])
        return ops.swap_axes(logits, 0, 1).reshape(-1, self.dataset.num_outputs)


def _logits(params: Params, state: Params) -> Array:
    return state["h"] @ params["weight_out"] + params["bias_out"]
