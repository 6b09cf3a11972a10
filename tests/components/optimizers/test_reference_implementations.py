"""SGD, momentum, Adam and RMSprop take the steps of Optax and of torch.optim."""

from collections.abc import Callable
from dataclasses import asdict
from inspect import signature

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from dirgrad.components.optimizers.adam import Adam
from dirgrad.components.optimizers.momentum import Momentum
from dirgrad.components.optimizers.rmsprop import Rmsprop
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core.types import Backend, Estimate
from support.cases import placed

RATE = 0.05
STEPS = 25
START = np.random.default_rng(0).standard_normal(7)
GRADIENTS = np.random.default_rng(1).standard_normal((STEPS, 7))
OPTIMIZERS = {
    "sgd": Sgd(),
    "momentum": Momentum(beta=0.8),
    "adam": Adam(beta_1=0.85, beta_2=0.95),
    "adam_with_a_large_epsilon": Adam(beta_1=0.85, beta_2=0.95, epsilon=0.1),
    "rmsprop": Rmsprop(decay=0.95),
    "rmsprop_with_a_large_epsilon": Rmsprop(decay=0.95, epsilon=0.1),
}
OPTAX_OPTIMIZERS = {
    "sgd": optax.sgd(RATE),
    "momentum": optax.sgd(RATE, momentum=0.8),
    "adam": optax.adam(RATE, b1=0.85, b2=0.95),
    "adam_with_a_large_epsilon": optax.adam(RATE, b1=0.85, b2=0.95, eps=0.1),
    "rmsprop": optax.rmsprop(RATE, decay=0.95, eps_in_sqrt=False),
    "rmsprop_with_a_large_epsilon": optax.rmsprop(RATE, decay=0.95, eps=0.1, eps_in_sqrt=False),
}
TORCH_OPTIMIZERS: dict[str, Callable[[list], torch.optim.Optimizer]] = {
    "sgd": lambda params: torch.optim.SGD(params, lr=RATE),
    "momentum": lambda params: torch.optim.SGD(params, lr=RATE, momentum=0.8),
    "adam": lambda params: torch.optim.Adam(params, lr=RATE, betas=(0.85, 0.95)),
    "adam_with_a_large_epsilon": lambda params: torch.optim.Adam(
        params, lr=RATE, betas=(0.85, 0.95), eps=0.1
    ),
    "rmsprop": lambda params: torch.optim.RMSprop(params, lr=RATE, alpha=0.95),
    "rmsprop_with_a_large_epsilon": lambda params: torch.optim.RMSprop(
        params, lr=RATE, alpha=0.95, eps=0.1
    ),
}


def trajectory(backend: Backend, name: str, slope: float) -> list[np.ndarray]:
    """Return the parameters after each step of the optimizer."""
    ops = backend.ops
    optimizer = OPTIMIZERS[name]
    params = placed(backend, {"x": START})
    optimizer_state = optimizer.init(ops, params)
    rate = ops.asarray(np.array(RATE))
    points = []
    for gradient in GRADIENTS:
        # The estimate consists of two factors: the slope times the vector is the gradient.
        vector = placed(backend, {"x": gradient / slope})
        estimate = Estimate(loss=0.0, scale=ops.asarray(np.array(slope)), vector=vector)
        params, optimizer_state = optimizer.update(ops, params, estimate, optimizer_state, rate)
        points.append(backend.engine.to_numpy(params["x"]))
    return points


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("slope", [1.0, -2.5])
def test_an_optimizer_takes_the_steps_of_optax(backend: Backend, name: str, slope: float) -> None:
    x = jnp.asarray(START)
    optimizer = OPTAX_OPTIMIZERS[name]
    optimizer_state = optimizer.init(x)
    expected = []
    for gradient in GRADIENTS:
        update, optimizer_state = optimizer.update(jnp.asarray(gradient), optimizer_state)
        x = optax.apply_updates(x, update)
        expected.append(np.asarray(x))
    np.testing.assert_allclose(trajectory(backend, name, slope), expected, rtol=1e-9)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_takes_the_steps_of_torch(backend: Backend, name: str) -> None:
    x = torch.tensor(START, requires_grad=True)
    optimizer = TORCH_OPTIMIZERS[name]([x])
    expected = []
    for gradient in GRADIENTS:
        x.grad = torch.tensor(gradient)
        optimizer.step()
        expected.append(x.detach().numpy().copy())
    np.testing.assert_allclose(trajectory(backend, name, slope=1.0), expected, rtol=1e-9)


def test_adam_has_the_default_options_of_optax_and_torch() -> None:
    default = Adam()
    of_optax, of_torch = (signature(f).parameters for f in (optax.adam, torch.optim.Adam))
    options = (default.beta_1, default.beta_2, default.epsilon)
    assert options == tuple(of_optax[name].default for name in ("b1", "b2", "eps"))
    assert options == (*of_torch["betas"].default, of_torch["eps"].default)


def test_rmsprop_has_the_default_options_of_torch() -> None:
    of_torch = signature(torch.optim.RMSprop).parameters
    default = Rmsprop()
    assert (default.decay, default.epsilon) == tuple(of_torch[x].default for x in ("alpha", "eps"))


@pytest.mark.parametrize("default", [Adam(), Momentum(), Rmsprop()])
def test_the_default_options_lie_within_their_limits(default: Adam | Momentum | Rmsprop) -> None:
    # Only options that are given are checked against their limits.
    assert type(default)(**asdict(default)) == default
