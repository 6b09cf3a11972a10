from typing import Annotated, ClassVar

import numpy as np
from pydantic import PositiveInt

from dirgrad.components.problems import _datasets, _initialization
from dirgrad.components.problems.cnn import CONVOLUTIONS, Cnn, convolution
from dirgrad.components.registry import component, component_field
from dirgrad.core.blocks import Block
from dirgrad.core.criterion import CROSS_ENTROPY
from dirgrad.core.types import Array, Batch, Criterion, Dataset, Ops, Params

PADDING = 1


@component
class CnnWithHeads:
    """The network `cnn` with a linear classifier behind every convolution.

    A classifier reads the mean of each channel. The classifiers are the heads of local losses
    (Belilovsky et al. 2019, arXiv 1812.11446) and take no part in the outputs. So every other
    estimator trains the same network as on the problem `cnn` with equal initial weights.
    """

    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = CROSS_ENTROPY
    dataset: Annotated[Dataset, component_field("datasets")]
    """Images and labels."""
    channels: PositiveInt = 8
    """Number of channels of each convolution."""
    hidden: PositiveInt = 32
    """Width of the dense hidden layer."""

    def __post_init__(self) -> None:
        _datasets.check_targets(self, "classes")
        _datasets.check_axes(self, ("height", "width"))
        self._network()

    def _network(self) -> Cnn:
        """Return the network without heads.

        Raises:
            ValueError: The images are too small.
        """
        return Cnn(dataset=self.dataset, channels=self.channels, hidden=self.hidden)

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        # The heads come last, so that the network itself starts like a `cnn`.
        params = self._network().init(rng)
        head = (self.channels, self.dataset.num_outputs)
        for i in range(CONVOLUTIONS):
            params |= _initialization.uniform_layer(rng, f"head_{i}", head, self.channels)
        return params

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        """Return the logits (n, classes) of a batch of images (n, height, width)."""
        return self._network().outputs(ops, params, batch)

    def blocks(self) -> tuple[Block, ...]:
        """Return one block per convolution, and the dense layers as the last block."""
        dense = Block(_layer("hidden"), _layer("out"), _hidden, _classifier)
        return (*(_block(i) for i in range(CONVOLUTIONS)), dense)


def _layer(name: str) -> tuple[str, str]:
    """Return the names of the parameters of a layer."""
    return f"weight_{name}", f"bias_{name}"


def _block(i: int) -> Block:
    """Return the convolution i with its head."""
    weight, bias = _layer(f"head_{i}")

    def features(ops: Ops, params: Params, inputs: Array) -> Array:
        x = inputs if i > 0 else inputs[:, None]
        return convolution(ops, params, x, i, PADDING)

    def head(ops: Ops, params: Params, features: Array) -> Array:
        means = features.reshape(*features.shape[:2], -1).mean(-1)
        return means @ params[weight] + params[bias]

    return Block(_layer(f"{i}"), (weight, bias), features, head)


def _hidden(ops: Ops, params: Params, inputs: Array) -> Array:
    x = inputs.reshape(inputs.shape[0], -1)
    return ops.relu(x @ params["weight_hidden"] + params["bias_hidden"])


def _classifier(ops: Ops, params: Params, features: Array) -> Array:
    return features @ params["weight_out"] + params["bias_out"]
