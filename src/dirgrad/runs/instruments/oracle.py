"""Correctness checks that a program must pass before it is timed."""

import numpy as np

from dirgrad.core import closed_forms, criterion, steps, tree
from dirgrad.core.errors import UserError
from dirgrad.core.types import Array, Backend, Compiled, Estimator, Key, Params
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import Workload, random_key

TOLERANCE = 0.01
"""Largest accepted error, relative to the scale of the estimate.

Losing a tangent causes an error of about 1, and rounding causes a much smaller one, so a coarse
tolerance separates the two.
"""
DRAWS = 3
"""Number of random keys with which an exact estimator is checked."""


def require_tangents(backend: Backend) -> None:
    """Check that compiled forward-mode differentiation is correct.

    The test function is tanh(s x), whose derivative in s at s = 1 is x (1 - tanh^2 x). Some
    versions of PyTorch lose the tangent when the function is compiled (pytorch issue 187284).

    Raises:
        UserError: the compiled derivative is wrong.
    """
    ops, engine = backend.ops, backend.engine
    x = np.linspace(-1.0, 1.0, 5, dtype=np.float32)
    s = np.ones(5, np.float32)
    arguments = (ops.asarray(s), ops.asarray(x))

    def slope(s: Array, x: Array) -> Array:
        _, tangent = ops.jvp(lambda s: ops.tanh(s * x), (s,), (s,))
        return tangent

    compiled = engine.compile(slope, arguments)
    slopes = engine.to_numpy(compiled.call(*arguments))
    expected = x * (1 - np.tanh(x) ** 2)
    if not np.allclose(slopes, expected, atol=1e-5):
        raise UserError(
            f"{backend.name}: forward-mode differentiation gives wrong results once compiled, "
            "so forward gradients cannot be trusted: install the version in requirements.lock"
        )


def mismatch(
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    program: Program,
    compiled: Compiled,
    exact: Params,
) -> str:
    """Return why a compiled estimate is wrong, or "" if it is correct.

    An exact estimator is compared with the gradient along its directions. Any other estimator is
    compared with itself, run uncompiled.

    Args:
        backend: the framework.
        workload: the problem, its parameters and minibatch.
        estimator: the estimator to check.
        program: the program `gradient` of this estimator.
        compiled: this program, compiled.
        exact: the gradient at these parameters on this minibatch.
    """
    if closed_forms.is_exact(estimator):
        error = _error_from_gradient(backend, workload, estimator, program, compiled, exact)
        reference = "the gradient along its directions"
    else:
        error = _error_from_eager(backend, workload, estimator, program, compiled)
        reference = "the same function uncompiled"
    if error <= TOLERANCE:
        return ""
    return f"off from {reference} by {error:.2g} of its scale"


def _error_from_gradient(
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    program: Program,
    compiled: Compiled,
    exact: Params,
) -> float:
    _, *fixed = program.arguments
    errors = []
    # Along a single direction a slope may be almost zero by chance, which hides a lost tangent.
    for seed in range(DRAWS):
        key = random_key(backend, seed)
        estimate = compiled.call(key, *fixed)
        expected, scale = _expected(backend, workload, estimator, key, exact)
        errors.append(_relative_error(backend, estimate, expected, scale))
    return max(errors)


def _error_from_eager(
    backend: Backend,
    workload: Workload,
    estimator: Estimator,
    program: Program,
    compiled: Compiled,
) -> float:
    ops, arguments = backend.ops, program.arguments
    eager = backend.engine.eager(program.build(ops), arguments)
    expected = eager.call(*arguments)
    scale = tree.norm(ops, expected) + _rounding(backend, workload, estimator)
    estimate = compiled.call(*arguments)
    return _relative_error(backend, estimate, expected, scale)


def _relative_error(backend: Backend, estimate: Params, expected: Params, scale: Array) -> float:
    ops = backend.ops
    difference = tree.axpy(ops, -1.0, expected, tree.materialize(estimate))
    error = tree.norm(ops, difference) / scale
    return float(backend.engine.to_numpy(error))


def _expected(
    backend: Backend, workload: Workload, estimator: Estimator, key: Key, g: Params
) -> tuple[Params, Array]:
    """Return (1/K) sum_j (g . v_j) v_j and ||g|| sqrt(d), or g and ||g|| without directions."""
    ops = backend.ops
    norm = tree.norm(ops, g)
    num_directions = estimator.num_directions
    if not num_directions:
        return g, norm
    draw = steps.direction_sampler(ops, estimator, key, workload.params)
    mean = tree.map(ops.zeros_like, g)
    for j in range(num_directions):
        v = draw(ops.arange(num_directions)[j])
        slope = tree.dot(ops, g, v)
        mean = tree.axpy(ops, slope / num_directions, v, mean)
    return mean, norm * workload.dimension**0.5


def _rounding(backend: Backend, workload: Workload, estimator: Estimator) -> Array | float:
    """Return the rounding error 4 u |f| sqrt(d) / eps of a difference, divided by TOLERANCE."""
    if not isinstance(estimator, closed_forms.HasStepSize):
        return 0.0
    params = workload.params
    leaf = backend.engine.to_numpy(tree.first_leaf(params))
    unit = np.finfo(leaf.dtype).eps
    loss = criterion.loss(workload.problem, backend.ops, params, workload.batch)
    length = workload.dimension**0.5
    return abs(loss) * (4 * unit / estimator.eps * length / TOLERANCE)
