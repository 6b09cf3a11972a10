"""The package against what each community would write by hand: the same path from the same start on the same minibatches."""

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

STEPS, RATE = 12, 0.05


class Reader(torch.nn.Module):
    """torch.nn.RNN over the rows of an image, and a linear layer on its last state."""

    def __init__(self, width: int, hidden: int, classes: int):
        super().__init__()
        self.rnn = torch.nn.RNN(width, hidden, batch_first=True)
        self.out = torch.nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        states, _ = self.rnn(images)
        return self.out(states[:, -1])


def convolutions(channels: int, hidden: int) -> torch.nn.Module:
    conv, relu = torch.nn.Conv2d, torch.nn.ReLU
    first = [
        conv(1, channels, 3, padding=1),
        relu(),
        conv(channels, channels, 3, padding=1),
        relu(),
        torch.nn.MaxPool2d(2),
    ]
    second = [
        conv(channels, channels, 3, padding=1),
        relu(),
        conv(channels, channels, 3, padding=1),
        relu(),
        torch.nn.MaxPool2d(2),
    ]
    dense = [
        torch.nn.Flatten(),
        torch.nn.Linear(channels * 4, hidden),
        relu(),
        torch.nn.Linear(hidden, 10),
    ]
    return torch.nn.Sequential(torch.nn.Unflatten(1, (1, 8)), *first, *second, *dense)


def dense(*widths: int) -> torch.nn.Module:
    layers = [torch.nn.Flatten()]
    for i, (a, b) in enumerate(pairwise(widths)):
        layers += [torch.nn.ReLU()] * (i > 0) + [torch.nn.Linear(a, b)]
    return torch.nn.Sequential(*layers)


MODULES: dict[str, Callable[[], torch.nn.Module]] = {
    "logistic_regression": lambda: dense(64, 10),
    "mlp": lambda: dense(64, 12, 12, 10),
    "cnn_same": lambda: convolutions(3, 8),
    "rnn": lambda: Reader(8, 6, 10),
}


def put(module: torch.nn.Module, case: Case) -> None:
    """Our initial parameters into a module: theirs stand in the same order, dense weights transposed."""
    ours = case.params()
    if "weight_recurrent" in ours:
        names = [
            "weight_in",
            "weight_recurrent",
            "bias_in",
            "bias_recurrent",
            "weight_out",
            "bias_out",
        ]
    else:
        names = list(ours)
    for theirs, name in zip(module.parameters(), names, strict=True):
        value = torch.tensor(ours[name])
        theirs.data = value.T if value.ndim == 2 else value


def package(name: str, case: Case) -> list[float]:
    backend = backends.load(name, 1, "float64")
    step = compiled(backend, steps.make_step(backend.ops, case.problem, Backprop(), Sgd(), 0.0))
    (key,) = backend.engine.keys(np.array([0]))
    state = State({k: backend.ops.asarray(v) for k, v in case.params().items()}, ())
    losses = []
    for index in range(STEPS):
        batch = tuple(backend.ops.asarray(array) for array in case.batch(seed=index))
        trial = Trial(key, backend.ops.asarray(np.array(RATE)))
        state, loss = step(state, trial, backend.ops.arange(STEPS)[index], batch)
        losses.append(float(loss))
    return losses


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("framework", backends.NAMES)
def test_the_package_follows_a_module_under_torchs_own_optimiser(framework: str, name: str) -> None:
    case = CASES[name]
    module = MODULES[name]().double()
    put(module, case)
    optimizer, losses = torch.optim.SGD(module.parameters(), lr=RATE), []
    for index in range(STEPS):
        images, labels = (torch.tensor(array) for array in case.batch(seed=index))
        loss = torch.nn.functional.cross_entropy(module(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(package(framework, case), losses, rtol=1e-9)
    assert losses[-1] != losses[0]


def test_the_package_follows_raw_jax() -> None:
    case = CASES["mlp"]
    params, losses = {key: jnp.asarray(leaf) for key, leaf in case.params().items()}, []

    def loss(p: dict, images: jax.Array, labels: jax.Array) -> jax.Array:
        x = images.reshape(len(images), -1)
        x = jax.nn.relu(x @ p["weight_0"] + p["bias_0"])
        x = jax.nn.relu(x @ p["weight_1"] + p["bias_1"])
        x = x @ p["weight_2"] + p["bias_2"]
        return -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(len(x)), labels])

    for index in range(STEPS):
        value, grad = jax.value_and_grad(loss)(params, *map(jnp.asarray, case.batch(seed=index)))
        params = jax.tree.map(lambda p, g: p - RATE * g, params, grad)
        losses.append(float(value))
    np.testing.assert_allclose(package("jax", case), losses, rtol=1e-9)
