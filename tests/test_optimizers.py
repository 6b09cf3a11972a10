"""The optimisers against optax and torch.optim, and the schedule against its formula."""

from collections.abc import Callable

import numpy as np
import optax
import pytest
import torch

from cases import CASES, placed
from dirgrad import steps
from dirgrad.estimators.backprop import Backprop
from dirgrad.optimizers.adam import Adam
from dirgrad.optimizers.momentum import Momentum
from dirgrad.optimizers.sgd import Sgd
from dirgrad.types import Backend, Estimate, State, Trial

RATE, STEPS = 0.05, 25
START = np.random.default_rng(0).standard_normal(7)
GRADIENTS = np.random.default_rng(1).standard_normal((STEPS, 7))
OURS = {"sgd": Sgd(), "momentum": Momentum(beta=0.8), "adam": Adam(beta_1=0.85, beta_2=0.95)}
OPTAX = {"sgd": optax.sgd(RATE), "momentum": optax.sgd(RATE, momentum=0.8), "adam": optax.adam(RATE, b1=0.85, b2=0.95)}
TORCH: dict[str, Callable[[list], torch.optim.Optimizer]] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=RATE),
    "momentum": lambda p: torch.optim.SGD(p, lr=RATE, momentum=0.8),
    "adam": lambda p: torch.optim.Adam(p, lr=RATE, betas=(0.85, 0.95)),
}


def ours(backend: Backend, name: str, slope: float) -> list[np.ndarray]:
    optimizer, params, path = OURS[name], placed(backend, {"x": START}), []
    memory = optimizer.init(backend.ops, params)
    for gradient in GRADIENTS:
        # The estimate stays factored: slope times vector is the gradient.
        found = Estimate(0.0, backend.ops.asarray(np.array(slope)), placed(backend, {"x": gradient / slope}))
        params, memory = optimizer.update(backend.ops, params, found, memory, backend.ops.asarray(np.array(RATE)))
        path.append(backend.engine.numpy(params["x"]))
    return path


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("slope", [1.0, -2.5])
def test_an_optimiser_follows_optax(backend: Backend, name: str, slope: float) -> None:
    import jax.numpy as jnp

    x, path = jnp.asarray(START), []
    state = OPTAX[name].init(x)
    for gradient in GRADIENTS:
        update, state = OPTAX[name].update(jnp.asarray(gradient), state)
        x = optax.apply_updates(x, update)
        path.append(np.asarray(x))
    np.testing.assert_allclose(ours(backend, name, slope), path, rtol=1e-9)


@pytest.mark.parametrize("name", OURS)
def test_an_optimiser_follows_torch(backend: Backend, name: str) -> None:
    x = torch.tensor(START, requires_grad=True)
    optimizer, path = TORCH[name]([x]), []
    for gradient in GRADIENTS:
        x.grad = torch.tensor(gradient)
        optimizer.step()
        path.append(x.detach().numpy().copy())
    np.testing.assert_allclose(ours(backend, name, 1.0), path, rtol=1e-9)


def test_the_rate_decays_as_in_the_paper(backend: Backend) -> None:
    case, decay = CASES["quadratic"], 0.3
    step = steps.make(backend.ops, case.problem, Backprop(), Sgd(), decay)
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, backend.ops.asarray(np.array(0.5)))
    state, expected = State(placed(backend, case.params()), ()), case.params()["x"]
    for index in range(6):
        state, _ = step(state, trial, backend.ops.counter(6)[index], ())
        expected = expected * (1 - 0.5 * np.exp(-decay * index) * case.problem.eigenvalues())
    np.testing.assert_allclose(backend.engine.numpy(state.params["x"]), expected, rtol=1e-12)
