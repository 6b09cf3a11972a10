"""Training in this package follows the same path as handwritten code in PyTorch and in JAX."""

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional

from dirgrad import backends
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import State, Trial
from support.cases import CASES, Case, compiled

STEPS = 12
RATE = 0.05
RNN_PARAMETERS = [
    "weight_in",
    "weight_recurrent",
    "bias_in",
    "bias_recurrent",
    "weight_out",
    "bias_out",
]
"""Names of the package's parameters in the order of the handwritten recurrent network."""


class RowRnn(torch.nn.Module):
    """A recurrent network over the rows of an image, with a linear layer on its last state."""

    def __init__(self, width: int, hidden: int, classes: int):
        super().__init__()
        self.rnn = torch.nn.RNN(width, hidden, batch_first=True)
        self.out = torch.nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        states, _ = self.rnn(images)
        return self.out(states[:, -1])


def dense_network(*widths: int) -> torch.nn.Module:
    layers: list[torch.nn.Module] = [torch.nn.Flatten()]
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        if index > 0:
            layers.append(torch.nn.ReLU())
        layers.append(torch.nn.Linear(inputs, outputs))
    return torch.nn.Sequential(*layers)


def convolution_block(inputs: int, channels: int) -> list[torch.nn.Module]:
    return [
        torch.nn.Conv2d(inputs, channels, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(channels, channels, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
    ]


def convolutional_network(channels: int, hidden: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8)),
        *convolution_block(1, channels),
        *convolution_block(channels, channels),
        torch.nn.Flatten(),
        torch.nn.Linear(channels * 4, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, 10),
    )


class ResidualNetwork(torch.nn.Module):
    """A residual network of two blocks."""

    def __init__(self, channels: int):
        super().__init__()
        widths = [1, *[channels] * 5]
        pairs = pairwise(widths)
        self.layers = torch.nn.ModuleList(torch.nn.Conv2d(*pair, 3, padding=1) for pair in pairs)
        self.out = torch.nn.Linear(channels, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        first, *others = self.layers
        x = functional.max_pool2d(first(images[:, None]), 2)
        for inner, outer in zip(others[::2], others[1::2], strict=True):
            x = x + outer(inner(x.relu()).relu()) / 2**0.5
        return self.out(x.relu().mean((2, 3)))


class CausalTransformer(torch.nn.Module):
    """A transformer of two blocks with two heads, which answers at the last two positions."""

    def __init__(self, inputs: int, width: int, classes: int):
        super().__init__()
        shapes = [(width, width)] * 4 + [(width, 4 * width), (4 * width, width)]
        all_shapes = [(inputs, width), *shapes, *shapes, (width, classes)]
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(*shape, bias=False) for shape in all_shapes
        )
        self.width = width

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        first, *layers, last = self.layers
        half = self.width // 2
        angles = [
            [t / 10_000 ** (i / half) for i in range(half)] for t in range(sequences.shape[1])
        ]
        waves = torch.tensor(angles, dtype=sequences.dtype)
        x = first(sequences) + torch.cat([waves.sin(), waves.cos()], 1)
        for i in (0, 6):
            *inputs, mix, expand, contract = layers[i : i + 6]
            heads = [layer(self.norm(x)).unflatten(2, (2, half)) for layer in inputs]
            by_head = [features.transpose(1, 2) for features in heads]
            attended = functional.scaled_dot_product_attention(*by_head, is_causal=True)
            x = x + mix(attended.transpose(1, 2).flatten(2))
            x = x + contract(expand(self.norm(x)).relu())
        return last(self.norm(x[:, -2:])).flatten(0, 1)

    def norm(self, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, (self.width,))


MODULES: dict[str, Callable[[], torch.nn.Module]] = {
    "logistic_regression": lambda: dense_network(64, 10),
    "mlp": lambda: dense_network(64, 12, 12, 10),
    "cnn_same": lambda: convolutional_network(3, 8),
    "residual_cnn": lambda: ResidualNetwork(2),
    "transformer": lambda: CausalTransformer(4, 4, 3),
    "rnn": lambda: RowRnn(8, 6, 10),
}


def set_initial_parameters(module: torch.nn.Module, case: Case) -> None:
    """Copy the initial parameters of a case into a module, which has them in the same order.

    PyTorch stores the weights of dense layers transposed.
    """
    initial = case.params()
    names = RNN_PARAMETERS if "weight_recurrent" in initial else list(initial)
    for parameter, name in zip(module.parameters(), names, strict=True):
        value = torch.tensor(initial[name])
        parameter.data = value.T if value.ndim == 2 else value


def losses_of_the_package(framework: str, case: Case) -> list[float]:
    """Return the minibatch losses of SGD with backprop in this package."""
    backend = backends.load(framework, 1, "float64")
    ops = backend.ops
    step = compiled(backend, steps.make_step(ops, case.problem, Backprop(), Sgd(), 0.0))
    (key,) = backend.engine.keys(np.array([0]))
    params = {name: ops.asarray(leaf) for name, leaf in case.params().items()}
    state = State(params, ())
    losses = []
    for index in range(STEPS):
        batch = tuple(ops.asarray(array) for array in case.batch(seed=index))
        trial = Trial(key, ops.asarray(np.array(RATE)))
        state, loss = step(state, trial, ops.arange(STEPS)[index], batch)
        losses.append(float(loss))
    return losses


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("framework", backends.NAMES)
def test_sgd_in_the_package_follows_sgd_in_torch(framework: str, name: str) -> None:
    case = CASES[name]
    module = MODULES[name]().double()
    set_initial_parameters(module, case)
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE)
    losses = []
    for index in range(STEPS):
        images, labels = (torch.tensor(array) for array in case.batch(seed=index))
        loss = functional.cross_entropy(module(images), labels.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(losses_of_the_package(framework, case), losses, rtol=1e-9)
    assert losses[-1] != losses[0]


def test_sgd_in_the_package_follows_handwritten_jax() -> None:
    def loss(params: dict[str, jax.Array], images: jax.Array, labels: jax.Array) -> jax.Array:
        x = images.reshape(len(images), -1)
        x = jax.nn.relu(x @ params["weight_0"] + params["bias_0"])
        x = jax.nn.relu(x @ params["weight_1"] + params["bias_1"])
        logits = x @ params["weight_2"] + params["bias_2"]
        log_probabilities = jax.nn.log_softmax(logits)
        return -jnp.mean(log_probabilities[jnp.arange(len(logits)), labels])

    case = CASES["mlp"]
    params = {name: jnp.asarray(leaf) for name, leaf in case.params().items()}
    losses = []
    for index in range(STEPS):
        images, labels = (jnp.asarray(array) for array in case.batch(seed=index))
        value, gradient = jax.value_and_grad(loss)(params, images, labels)
        params = jax.tree.map(lambda p, g: p - RATE * g, params, gradient)
        losses.append(float(value))
    np.testing.assert_allclose(losses_of_the_package("jax", case), losses, rtol=1e-9)
