"""The optimisers against optax and torch.optim, and the schedule against its formula."""

from collections.abc import Callable

import numpy as np
import optax
import pytest
import torch

from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.optimizers.adam import Adam
from dirgrad.components.optimizers.hard_thresholding import HardThresholding
from dirgrad.components.optimizers.momentum import Momentum
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.core import steps
from dirgrad.core.types import Backend, Estimate, State, Trial
from support.cases import CASES, placed

RATE, STEPS = 0.05, 25
START = np.random.default_rng(0).standard_normal(7)
GRADIENTS = np.random.default_rng(1).standard_normal((STEPS, 7))
OURS = {"sgd": Sgd(), "momentum": Momentum(beta=0.8), "adam": Adam(beta_1=0.85, beta_2=0.95)}
OPTAX = {
    "sgd": optax.sgd(RATE),
    "momentum": optax.sgd(RATE, momentum=0.8),
    "adam": optax.adam(RATE, b1=0.85, b2=0.95),
}
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
        found = Estimate(
            0.0, backend.ops.asarray(np.array(slope)), placed(backend, {"x": gradient / slope})
        )
        params, memory = optimizer.update(
            backend.ops, params, found, memory, backend.ops.asarray(np.array(RATE))
        )
        path.append(backend.engine.to_numpy(params["x"]))
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
    step = steps.make_step(backend.ops, case.problem, Backprop(), Sgd(), decay)
    (key,) = backend.engine.keys(np.array([0]))
    trial = Trial(key, backend.ops.asarray(np.array(0.5)))
    state, expected = State(placed(backend, case.params()), ()), case.params()["x"]
    for index in range(6):
        state, _ = step(state, trial, backend.ops.arange(6)[index], ())
        expected = expected * (1 - 0.5 * np.exp(-decay * index) * case.problem.eigenvalues())
    np.testing.assert_allclose(backend.engine.to_numpy(state.params["x"]), expected, rtol=1e-12)


@pytest.mark.parametrize("keep", [1, 3, 10, 99])
@pytest.mark.parametrize("slope", [1.0, -2.5])
def test_hard_thresholding_keeps_the_largest_entries_of_all_parameters(
    backend: Backend, keep: int, slope: float
) -> None:
    optimizer, rng = HardThresholding(keep=keep), np.random.default_rng(2)
    expected, gradient = rng.standard_normal(10), rng.standard_normal((5, 10))
    params = placed(backend, {"a": expected[:6].reshape(2, 3), "b": expected[6:]})
    for g in gradient:
        found = Estimate(
            0.0, slope, placed(backend, {"a": g[:6].reshape(2, 3) / slope, "b": g[6:] / slope})
        )
        params, _ = optimizer.update(
            backend.ops, params, found, (), backend.ops.asarray(np.array(RATE))
        )
        expected = expected - RATE * g
        expected[np.argsort(-np.abs(expected), kind="stable")[keep:]] = 0.0
    flat = np.concatenate([backend.engine.to_numpy(params[name]).ravel() for name in ("a", "b")])
    np.testing.assert_allclose(flat, expected, rtol=1e-12)
    assert (flat != 0).sum() == min(keep, 10)


def test_of_equal_magnitudes_the_first_is_kept(backend: Backend) -> None:
    still = Estimate(0.0, 1.0, placed(backend, {"x": np.zeros(4)}))
    params = placed(backend, {"x": np.array([1.0, -2.0, 2.0, -2.0])})
    params, _ = HardThresholding(keep=2).update(
        backend.ops, params, still, (), backend.ops.asarray(np.array(RATE))
    )
    assert backend.engine.to_numpy(params["x"]).tolist() == [0.0, -2.0, 2.0, 0.0]


def test_what_has_diverged_is_not_hidden_by_a_threshold(backend: Backend) -> None:
    still = Estimate(0.0, 1.0, placed(backend, {"x": np.zeros(3)}))
    params, _ = HardThresholding(keep=1).update(
        backend.ops,
        placed(backend, {"x": np.array([1.0, np.nan, 2.0])}),
        still,
        (),
        backend.ops.asarray(np.array(RATE)),
    )
    assert np.isnan(backend.engine.to_numpy(params["x"])).any()
