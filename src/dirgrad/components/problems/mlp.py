from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.registry import component, component_field
from dirgrad.core import checkpointing
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class Mlp:
    """A multilayer perceptron: dense layers with an activation function between them.

    Baydin et al. 2022, figure 4, use two hidden layers of 1024 units on MNIST.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Examples and their classes. An example of any shape is flattened."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (1024, 1024)
    """Widths of the hidden layers."""
    repeat: PositiveInt = 1
    """Number of times the list of hidden layers is repeated, for deep networks."""

    activation: Literal["relu", "tanh"] = "relu"
    """Function between layers. `tanh` has derivatives of every order, and `relu` has a kink."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_inputs = _datasets.num_inputs(self.dataset)
        hidden = self.hidden * self.repeat
        widths = (num_inputs, *hidden, self.dataset.num_outputs)
        params: dict[str, np.ndarray] = {}
        for i, shape in enumerate(pairwise(widths)):
            params |= _initialization.uniform_layer(rng, i, shape, fan_in=shape[0])
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of examples (n, ...)."""
        examples = batch[0]
        activation = {"relu": ops.relu, "tanh": ops.tanh}[self.activation]
        num_hidden = len(self.hidden) * self.repeat
        return perceptron(ops, params, examples, num_hidden, activation)


def perceptron(
    ops: Ops,
    params: Params,
    examples: Array,
    num_hidden: int,
    activation: Callable[[Array], Array],
) -> Array:
    """Compute the outputs (n, outputs) of dense layers with an activation between them.

    Args:
        ops: Operations of the framework.
        params: `weight_i` (inputs, outputs) and `bias_i` of every layer i = 0 .. num_hidden.
        examples: Inputs (n, ...), which are flattened.
        num_hidden: Number of hidden layers.
        activation: Function of the sums of a hidden layer, entry by entry.
    """

    def layer(x: Array, weight: Array, bias: Array) -> Array:
        return activation(x @ weight + bias)

    x = examples.reshape(examples.shape[0], -1)
    weights = [(params[f"weight_{i}"], params[f"bias_{i}"]) for i in range(num_hidden)]
    x = checkpointing.sequential(ops, layer, x, weights)
    return x @ params[f"weight_{num_hidden}"] + params[f"bias_{num_hidden}"]
