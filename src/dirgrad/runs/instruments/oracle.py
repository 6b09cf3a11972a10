"""Answers before clocks: what is timed must first be right."""

import numpy as np

from dirgrad.components import registry
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.core import criterion, steps, tree
from dirgrad.core.errors import UserError
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Array, Backend, Compiled, Estimator, Key, Params
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import Workload, gradient, random_key

TOLERANCE = 0.01
"""Of ||g|| ||v||: coarse, since a tangent that was lost is wrong by all of it, and rounding by far less."""
DRAWS = 3
EXACT = ("backprop", "checkpointed_backprop", "forward_gradient")
"""Estimators whose answer is known from the gradient and the directions; the others are compared with themselves, uncompiled."""


def require_tangents(backend: Backend) -> None:
    """Raise UserError where forward accumulation loses its tangent when it is compiled (pytorch issue 187284): d/ds tanh(s x) at
    s = 1 is x (1 - tanh^2 x)."""
    x = np.linspace(-1.0, 1.0, 5, dtype=np.float32)
    one, given = backend.ops.asarray(np.ones(5, np.float32)), backend.ops.asarray(x)

    def slope(s: Array, x: Array) -> Array:
        return backend.ops.jvp(lambda s: backend.ops.tanh(s * x), (s,), (s,))[1]

    found = backend.engine.to_numpy(backend.engine.compile(slope, (one, given)).call(one, given))
    if not np.allclose(found, x * (1 - np.tanh(x) ** 2), atol=1e-5):
        raise UserError(
            f"{backend.name}: forward accumulation is wrong once it is compiled, so that no forward gradient can be trusted: "
            "install the version of requirements.lock"
        )


def mismatch(
    backend: Backend,
    about: Workload,
    estimator: Estimator | OnlineEstimator,
    part: Program,
    prepared: Compiled,
) -> str:
    """Why this estimate, compiled, is not what it should be; empty if it is. part: `gradient`."""
    ops, (_, *rest) = backend.ops, part.arguments
    if registry.kind(estimator) in EXACT:
        # A slope may be near zero by chance, and so as good as lost, but not along every direction.
        error = max(
            _error(backend, prepared.call(one, *rest), *_known(backend, about, estimator, one))  # type: ignore[arg-type]
            for one in (random_key(backend, seed) for seed in range(DRAWS))
        )
        against = "the gradient along its directions"
    else:
        expected = backend.engine.eager(part.build(ops), part.arguments).call(*part.arguments)
        scale = tree.norm(ops, expected) + _rounding(backend, about, estimator)
        error, against = (
            _error(backend, prepared.call(*part.arguments), expected, scale),
            "the same function uncompiled",
        )
    return "" if error <= TOLERANCE else f"off from {against} by {error:.2g} of its scale"


def _error(backend: Backend, found: Params, expected: Params, scale: Array) -> float:
    difference = tree.axpy(backend.ops, -1.0, expected, tree.materialize(found))
    return float(backend.engine.to_numpy(tree.norm(backend.ops, difference) / scale))


def _known(
    backend: Backend, about: Workload, estimator: Estimator, drawn: Key
) -> tuple[Params, Array]:
    """(1/K) sum_j (g . v_j) v_j, and ||g|| sqrt(d), the length of one of them; g and its length without directions."""
    ops = backend.ops
    exact = gradient(ops, about.problem, Backprop())(drawn, about.params, about.batch)
    length, count = tree.norm(ops, exact), estimator.num_directions
    if not count:
        return exact, length
    draw, total = (
        steps.direction_sampler(ops, estimator, drawn, about.params),
        tree.map(ops.zeros_like, exact),
    )
    for j in range(count):
        v = draw(ops.arange(count)[j])
        total = tree.axpy(ops, tree.dot(ops, exact, v) / count, v, total)
    return total, length * about.dimension**0.5


def _rounding(
    backend: Backend, about: Workload, estimator: Estimator | OnlineEstimator
) -> Array | float:
    """What the rounding of two losses does to a difference over eps: 4 u |f| / eps, along a direction of length sqrt(d); in units
    of the tolerance."""
    eps = getattr(estimator, "eps", None)
    if eps is None:
        return 0.0
    unit = np.finfo(backend.engine.to_numpy(tree.first_leaf(about.params)).dtype).eps
    here = criterion.loss(about.problem, backend.ops, about.params, about.batch)
    return abs(here) * (4 * unit / eps * about.dimension**0.5 / TOLERANCE)
