"""Derivatives of a problem: forward and reverse mode, both frameworks, outer products."""

from collections.abc import Iterator, Sequence

import numpy as np

from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core import closed_forms, criterion, perturbation, steps, tree
from dirgrad.core.types import Array, Backend, Loss, Params, Problem
from dirgrad.runs.check.findings import Finding
from dirgrad.runs.check.parity import TOLERANCE, compare, placed, to_numpy
from dirgrad.runs.instruments.workload import random_key

LARGEST_HESSIAN = 200
"""Largest number of parameters at which declared eigenvalues are compared with the Hessian."""


def derivatives(backends: Sequence[Backend], problem: Problem) -> Iterator[Finding]:
    """Yield the checks of a problem at its initial parameters."""
    for backend in backends:
        yield _forward_against_reverse(backend, problem)
    yield compare("loss: difference of frameworks", backends, lambda b: _loss_value(b, problem))
    yield compare("gradient: difference of frameworks", backends, lambda b: _gradient(b, problem))
    yield _along_outer_products(backends[0], problem)
    if isinstance(problem, closed_forms.HasEigenvalues):
        yield from _eigenvalues(backends[0], problem)


def _loss_at(backend: Backend, problem: Problem) -> tuple[Loss, Params]:
    params, batch = placed(backend, problem)

    def loss(params: Params) -> Array:
        return criterion.loss(problem, backend.ops, params, batch)

    return loss, params


def _loss_value(backend: Backend, problem: Problem) -> dict[str, np.ndarray]:
    loss, params = _loss_at(backend, problem)
    return {"loss": backend.engine.to_numpy(loss(params)).astype(float)}


def _gradient(backend: Backend, problem: Problem) -> dict[str, np.ndarray]:
    loss, params = _loss_at(backend, problem)
    _, gradient = backend.ops.value_and_grad(loss)(params)
    return to_numpy(backend, gradient)


def _forward_against_reverse(backend: Backend, problem: Problem) -> Finding:
    ops = backend.ops
    loss, params = _loss_at(backend, problem)
    rng = np.random.default_rng(2)
    v = {name: ops.constant(rng.standard_normal(leaf.shape), leaf) for name, leaf in params.items()}
    _, slope = ops.jvp(loss, (params,), (v,))
    _, gradient = ops.value_and_grad(loss)(params)
    scale = tree.norm(ops, gradient) * tree.norm(ops, v)
    error = abs(slope - tree.dot(ops, gradient, v)) / scale
    difference = float(backend.engine.to_numpy(error))
    failure = ""
    if not difference <= TOLERANCE:
        failure = (
            f"forward and reverse mode differ by {difference:.2g} of the norm ({backend.name}): "
            "use differentiable operations of `ops` only"
        )
    name = f"JVP against VJP ({backend.name})"
    return Finding(name, f"< {TOLERANCE:g}", difference, failure=failure)


def _along_outer_products(backend: Backend, problem: Problem) -> Finding:
    """Return whether the derivative along outer products of signs is the one along their array."""
    ops = backend.ops
    loss, params = _loss_at(backend, problem)
    name = "derivative along outer products"
    sampler = steps.direction_sampler(
        ops, ForwardGradient(direction=RankOne()), random_key(backend, 0), params
    )
    v = sampler(0)
    try:
        _, slope = perturbation.directional_derivative(ops, loss, params, v)
    except NotImplementedError:
        return Finding(name, None, "unsupported", decides=False)
    dense = tree.materialize(v)
    _, expected = ops.jvp(loss, (params,), (dense,))
    _, gradient = ops.value_and_grad(loss)(params)
    scale = tree.norm(ops, gradient) * tree.norm(ops, dense)
    difference = float(backend.engine.to_numpy(abs(slope - expected) / scale))
    failure = ""
    if not difference <= TOLERANCE:
        failure = (
            f"the derivative along outer products is off by {difference:.2g} of the norm: "
            "use every weight by `x @ w` or `perturbation.conv2d`"
        )
    return Finding(name, f"< {TOLERANCE:g}", difference, failure=failure)


def _eigenvalues(backend: Backend, problem: closed_forms.HasEigenvalues) -> Iterator[Finding]:
    """Yield the difference between the declared eigenvalues and the eigenvalues of the Hessian."""
    loss, params = _loss_at(backend, problem)  # type: ignore[arg-type]
    d = tree.num_entries(params)
    if d > LARGEST_HESSIAN:
        return
    gradient = backend.ops.value_and_grad(loss)

    def gradient_at(x: np.ndarray) -> np.ndarray:
        moved = tree.unravel(backend.ops.constant(x, tree.first_leaf(params)), params)
        leaves = to_numpy(backend, gradient(moved)[1])
        return np.concatenate([leaves[name].ravel() for name in params])

    # The gradient of a quadratic problem is affine, so a difference of gradients is exact.
    origin = gradient_at(np.zeros(d))
    hessian = np.stack([gradient_at(row) - origin for row in np.eye(d)])
    measured = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    declared = np.sort(problem.eigenvalues())
    name = "declared eigenvalues against the Hessian"
    same_size = declared.shape == measured.shape
    difference = float(np.abs(declared - measured).max() / measured.max()) if same_size else np.inf
    failure = ""
    if not difference <= TOLERANCE:
        failure = (
            "a declared closed form that its Hessian contradicts: the eigenvalues differ by "
            f"{difference:.2g} of the largest: correct `eigenvalues`"
        )
    yield Finding(name, f"< {TOLERANCE:g}", difference, failure=failure)
