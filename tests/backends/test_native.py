"""Training in this package follows the same path as handwritten code in PyTorch and in JAX."""

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

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


MODULES: dict[str, Callable[[], torch.nn.Module]] = {
    "logistic_regression": lambda: dense_network(64, 10),
    "mlp": lambda: dense_network(64, 12, 12, 10),
    "cnn_same": lambda: convolutional_network(3, 8),
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
        loss = torch.nn.functional.cross_entropy(module(images), labels)
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
