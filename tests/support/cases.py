"""Small problems, estimators and laws of directions, and helpers that evaluate them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dirgrad.components.datasets.copy import Copy
from dirgrad.components.datasets.digits import Digits
from dirgrad.components.datasets.mnist import Mnist
from dirgrad.components.datasets.photograph import Photograph
from dirgrad.components.directions.antithetic import Antithetic
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.one_layer import OneLayer
from dirgrad.components.directions.orthogonal import Orthogonal
from dirgrad.components.directions.rademacher import Rademacher
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.directions.replayed import Replayed
from dirgrad.components.directions.sphere import Sphere
from dirgrad.components.estimators.backprop import Backprop
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.mezo import Mezo
from dirgrad.components.estimators.telescoping_difference import TelescopingDifference
from dirgrad.components.problems.ackley import Ackley
from dirgrad.components.problems.beale import Beale
from dirgrad.components.problems.cnn import Cnn
from dirgrad.components.problems.cnn_with_heads import CnnWithHeads
from dirgrad.components.problems.himmelblau import Himmelblau
from dirgrad.components.problems.image_regression import ImageRegression
from dirgrad.components.problems.influence_balancing import InfluenceBalancing
from dirgrad.components.problems.jax_tutorial import JaxTutorial
from dirgrad.components.problems.logistic_regression import LogisticRegression
from dirgrad.components.problems.mlp import Mlp
from dirgrad.components.problems.mlp_with_heads import MlpWithHeads
from dirgrad.components.problems.quadratic import Quadratic
from dirgrad.components.problems.rastrigin import Rastrigin
from dirgrad.components.problems.residual_cnn import ResidualCnn
from dirgrad.components.problems.rnn import Rnn
from dirgrad.components.problems.rosenbrock import Rosenbrock
from dirgrad.components.problems.sparse_regression import SparseRegression
from dirgrad.components.problems.transformer import Transformer
from dirgrad.components.units.gru import Gru
from dirgrad.components.units.lru import Lru
from dirgrad.components.units.lstm import Lstm
from dirgrad.core import criterion, tree
from dirgrad.core.criterion import SQUARED_ERROR
from dirgrad.core.types import Backend, Batch, Direction, Estimator, Params, Problem
from support.laws import all_laws

BATCH = 5
"""Number of examples in a minibatch."""


@dataclass(frozen=True)
class Case:
    """A small problem.

    Attributes:
        problem: The problem.
        terms: Length of the longest chain of additions in its loss, for bounds on rounding errors.
        rate: Learning rate.
    """

    problem: Problem
    terms: int
    rate: float = 1e-3

    def params(self, dtype: str = "float64", seed: int = 0) -> dict[str, np.ndarray]:
        """Return the initial parameters."""
        return {
            name: leaf.astype(dtype)
            for name, leaf in self.problem.init(np.random.default_rng(seed)).items()
        }

    def batch(self, dtype: str = "float64", seed: int = 0) -> tuple[np.ndarray, ...]:
        """Return a minibatch of noise and random targets, or () without a dataset."""
        dataset = self.problem.dataset
        if dataset is None:
            return ()
        rng = np.random.default_rng(seed)
        examples = rng.uniform(size=(BATCH, *dataset.example_shape)).astype(dtype)
        if self.problem.criterion is SQUARED_ERROR:
            return examples, rng.uniform(size=(BATCH, dataset.num_outputs)).astype(dtype)
        num_targets = dataset.targets_per_example
        shape = (BATCH, num_targets) if num_targets > 1 else BATCH
        return examples, rng.integers(0, dataset.num_outputs, shape)


CASES = {
    "rosenbrock": Case(Rosenbrock(), 6, 5e-4),
    "rosenbrock_chain": Case(Rosenbrock(dimension=10), 14, 1e-4),
    # The cosine multiplies the rounding of its argument 2 pi x by up to 15.
    "rastrigin": Case(Rastrigin(dimension=5), 5 + 2 + 15, 1e-4),
    "ackley": Case(Ackley(dimension=5), 5 + 4 + 15),
    "himmelblau": Case(Himmelblau(), 8),
    "beale": Case(Beale(), 14),
    "quadratic": Case(Quadratic(dimension=20), 22),
    "sparse_regression": Case(
        SparseRegression(dimension=20, examples=15, noise=0.1, condition=4.0), 20 + 15, 1e-2
    ),
    "logistic_regression": Case(LogisticRegression(dataset=Digits()), 64 + 10 + BATCH),
    "mlp": Case(Mlp(dataset=Digits(), hidden=(12, 12)), 64 + 12 + 12 + 10 + BATCH),
    "mlp_with_heads": Case(
        MlpWithHeads(dataset=Digits(), hidden=(12, 12)), 64 + 12 + 12 + 10 + BATCH
    ),
    "jax_tutorial": Case(JaxTutorial(dataset=Digits(), hidden=(12, 12)), 64 + 12 + 12 + 10 + BATCH),
    "cnn_same": Case(Cnn(dataset=Digits(), channels=3, hidden=8), 9 + 3 * 27 + 12 + 8 + 10 + BATCH),
    "cnn_with_heads": Case(
        CnnWithHeads(dataset=Digits(), channels=3, hidden=8), 9 + 3 * 27 + 12 + 8 + 10 + BATCH
    ),
    "cnn_valid": Case(
        Cnn(dataset=Mnist(), channels=2, hidden=8, padding="valid"),
        9 + 3 * 18 + 32 + 8 + 10 + BATCH,
    ),
    "residual_cnn": Case(
        ResidualCnn(dataset=Digits(), channels=2, blocks=2), 9 + 4 * 18 + 16 + 2 + BATCH
    ),
    # A normalization adds 4 entries twice, and a block multiplies six times.
    "transformer": Case(
        Transformer(dataset=Copy(symbols=3, shown=2, delay=1), width=4, heads=2, depth=2),
        4 + 2 * (8 + 4 + 2 + 5 + 5 + 4 + 8 + 4 + 16) + 8 + 4 + 2 * BATCH,
    ),
    "rnn": Case(Rnn(dataset=Digits(), hidden=6), 8 * (8 + 6) + 6 + 10 + BATCH),
    "rnn_copy": Case(
        Rnn(dataset=Copy(symbols=3, shown=2, delay=4), hidden=4, unit=Gru()),
        8 * (4 + 4) + 4 + 3 + 2 * BATCH,
    ),
    "rnn_pixels": Case(
        Rnn(dataset=Copy(symbols=2, delay=1), hidden=3, unit=Lstm(), read="pixels"),
        9 * (1 + 3) + 3 + 2 + BATCH,
    ),
    "rnn_linear": Case(Rnn(dataset=Digits(), hidden=4, unit=Lru()), 8 * (8 + 6) + 4 + 10 + BATCH),
    "influence_balancing": Case(InfluenceBalancing(length=12), 12 * 24),
    "image_regression": Case(
        ImageRegression(dataset=Photograph(octaves=2), hidden=(8,)), 8 + 8 + 3 * BATCH
    ),
}
"""Every problem, in a small version."""

DIRECTIONS: dict[str, Direction] = all_laws() | {
    "replayed_sphere": Replayed(direction=Sphere()),
    "replayed_rank_one": Replayed(direction=RankOne()),
    "replayed_antithetic": Replayed(direction=Antithetic()),
    "antithetic_replayed": Antithetic(direction=Replayed(direction=Rademacher())),
    "antithetic_orthogonal": Antithetic(direction=Orthogonal(count=2)),
    "one_layer_by_size": OneLayer(probabilities="size", rank=2),
    "one_of_two_blocks": OneLayer(probabilities=(3.0, 1.0), blocks=2),
}
"""Every law of directions, and laws that wrap each other."""


def estimators(eps: float) -> dict[str, Estimator]:
    """Return estimators by name, with step size `eps` for finite differences."""
    return {
        "backprop": Backprop(),
        "forward_gradient": ForwardGradient(direction=Gaussian()),
        "forward_gradient_k3": ForwardGradient(direction=Gaussian(), num_directions=3),
        "forward_difference": FiniteDifference(direction=Gaussian(), scheme="forward", eps=eps),
        "central_difference": FiniteDifference(direction=Gaussian(), scheme="central", eps=eps),
        "walking_difference": Mezo(direction=Replayed(direction=Gaussian()), eps=eps),
        "central_difference_k3": FiniteDifference(
            direction=Gaussian(), scheme="central", eps=eps, num_directions=3
        ),
        "telescoping_difference": TelescopingDifference(
            direction=Gaussian(), scheme="central", eps=eps
        ),
        "telescoping_difference_k3": TelescopingDifference(
            direction=Gaussian(), scheme="central", eps=eps, num_directions=3
        ),
    }


def placed(backend: Backend, arrays: dict[str, np.ndarray]) -> Params:
    """Return parameters as arrays of a framework."""
    return {name: backend.ops.asarray(array) for name, array in arrays.items()}


def placed_batch(backend: Backend, batch: tuple[np.ndarray, ...]) -> Batch:
    """Return a minibatch as arrays of a framework."""
    return tuple(backend.ops.asarray(array) for array in batch)


def to_numpy(backend: Backend, x: Params) -> dict[str, np.ndarray]:
    """Return every leaf of x as a NumPy array."""
    return {name: backend.engine.to_numpy(leaf) for name, leaf in tree.materialize(x).items()}


def loss_of(backend: Backend, case: Case, batch: tuple[np.ndarray, ...] | None = None):
    """Return the loss of a case in a framework, as a function of the parameters."""
    minibatch = placed_batch(backend, case.batch() if batch is None else batch)
    return lambda params: criterion.loss(case.problem, backend.ops, params, minibatch)


def compiled(backend: Backend, f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f, compiled under JAX.

    For small arrays JAX compiles a whole function faster than primitive by primitive.
    """
    import jax

    return jax.jit(f) if backend.name == "jax" else f


def random_like(params: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Return normal noise with the shapes and dtypes of the parameters."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.standard_normal(leaf.shape).astype(leaf.dtype) for name, leaf in params.items()
    }


def inner(x: dict[str, np.ndarray], y: dict[str, np.ndarray]) -> float:
    """Return the inner product <x, y>."""
    return float(sum((x[name].astype(np.float64) * y[name]).sum() for name in x))
