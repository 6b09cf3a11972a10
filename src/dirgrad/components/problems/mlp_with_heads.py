from itertools import pairwise
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import MinLen
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.problems.mlp import perceptron
from dirgrad.components.registry import component, component_field
from dirgrad.core.blocks import Block
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params


@component
class MlpWithHeads:
    """A multilayer perceptron with a linear classifier behind every hidden layer.

    The classifiers behind the hidden layers but the last are the heads of local losses (Ren et al.
    2022; Belilovsky et al. 2019, arXiv 1812.11446). They take no part in the outputs, so every
    other estimator trains the same network as on the problem `mlp` with equal initial weights.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Examples and their classes. An example of any shape is flattened."""
    hidden: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (64, 64)
    """Widths of the hidden layers, which are followed by ReLU."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        num_outputs = self.dataset.num_outputs
        widths = (_datasets.num_inputs(self.dataset), *self.hidden, num_outputs)
        params: dict[str, np.ndarray] = {}
        for i, shape in enumerate(pairwise(widths)):
            params |= _initialization.uniform_layer(rng, i, shape, fan_in=shape[0])
        # The heads come last, so that the network itself starts like an `mlp`.
        for i, width in enumerate(self.hidden[:-1]):
            head = (width, num_outputs)
            params |= _initialization.uniform_layer(rng, f"head_{i}", head, fan_in=width)
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of examples (n, ...)."""
        return perceptron(ops, params, batch[0], len(self.hidden), ops.relu)

    def blocks(self) -> tuple[Block, ...]:
        """Return one block per hidden layer. The output layer is the head of the last block."""
        last = len(self.hidden) - 1
        heads = [*(f"head_{i}" for i in range(last)), f"{last + 1}"]
        return tuple(_block(i, head) for i, head in enumerate(heads))


def _block(i: int, head: str) -> Block:
    """Return the hidden layer i with its head."""
    weight, bias = f"weight_{i}", f"bias_{i}"
    head_weight, head_bias = f"weight_{head}", f"bias_{head}"

    def features(ops: Ops, params: Params, inputs: Array) -> Array:
        x = inputs.reshape(inputs.shape[0], -1)
        return ops.relu(x @ params[weight] + params[bias])

    def outputs(ops: Ops, params: Params, features: Array) -> Array:
        return features @ params[head_weight] + params[head_bias]

    return Block((weight, bias), (head_weight, head_bias), features, outputs)
