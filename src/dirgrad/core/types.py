"""The vocabulary of this package: types and protocols that all folders share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np

from dirgrad.core.arrays import Array, Batch, Key, Loss, Params
from dirgrad.core.engine import Compiled, Engine, State, Step, TrainChunk, Trial
from dirgrad.core.ops import Ops

__all__ = [
    "Array",
    "Backend",
    "Batch",
    "Compiled",
    "Criterion",
    "Dataset",
    "Direction",
    "DirectionSampler",
    "Engine",
    "Estimate",
    "Estimator",
    "Key",
    "LearningEstimator",
    "Loss",
    "LossEstimator",
    "MinibatchEstimator",
    "Ops",
    "Optimizer",
    "Params",
    "PlotRange",
    "Problem",
    "Splits",
    "State",
    "Step",
    "TargetKind",
    "TrainChunk",
    "Trial",
    "VectorSampler",
]

DirectionSampler: TypeAlias = Callable[[Any], Params]
"""Map j -> j-th direction of a step. Its leaves are as in `Direction.draw`."""
VectorSampler: TypeAlias = Callable[[Any, Params], Params]
"""Map (j, like) -> j-th random vector of a law, with the names and shapes of `like`.

Every leaf is an array.
"""
TargetKind: TypeAlias = Literal["classes", "values"]
"""The targets of a data set: `classes` for a classification, `values` for a regression."""
PlotRange: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
"""The limits ((lowest x, highest x), (lowest y, highest y)) of a plot."""


class Estimate(NamedTuple):
    """An estimate `scale * vector` of the gradient, stored as its two factors.

    Attributes:
        loss: Loss at the parameters, or the mean loss over the two points of a central
            difference: ().
        scale: Scalar factor: () or a float.
        vector: Vector like the parameters. Its leaves are as in `Direction.draw`.
        params: The parameters after the estimate, if the estimator moves them and then moves them
            back; rounding may change them. Otherwise None.

    Example:
        >>> vector = {"x": np.array([1.0, 4.0])}
        >>> estimate = Estimate(loss=2.0, scale=-0.5, vector=vector)
        >>> tree.scale(estimate.scale, estimate.vector)
        {'x': array([-0.5, -2. ])}
    """

    loss: Array
    scale: Array
    vector: Params
    params: Params | None = None


@dataclass(frozen=True)
class Backend:
    """A framework.

    Attributes:
        name: Name of the framework.
        ops: Its mathematical operations.
        engine: Its compilation and execution of steps.
    """

    name: str
    ops: Ops
    engine: Engine


class Splits(NamedTuple):
    """The three parts of a data set.

    Each part is a pair of examples (n, ...), float, and targets. The targets are classes (n,), int;
    classes (n, targets), int, with several targets per example; or values (n, outputs), float, for
    a regression. Each part is () for a problem without data.
    """

    train: tuple[np.ndarray, ...]
    valid: tuple[np.ndarray, ...]
    test: tuple[np.ndarray, ...]


class Dataset(Protocol):
    """A set of examples with targets. The examples are images, vectors or sequences."""

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Return the shape of an example.

        It is (height, width) for an image, (features,) for a vector and (steps, inputs) for a
        sequence.
        """

    @property
    def target_kind(self) -> TargetKind:
        """Return `classes` for a classification and `values` for a regression."""

    @property
    def num_outputs(self) -> int:
        """Return the number of classes, or the number of values that a regression predicts."""

    @property
    def targets_per_example(self) -> int:
        """Return the number of targets per example.

        If it is above 1, the last steps of a sequence ask for the targets in order.
        """

    @property
    def train_examples(self) -> int:
        """Return the number of training examples."""

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of the files to read; () if the data set needs no file."""

    def load(self, directory: str | None, /) -> Splits:
        """Load the data set, from `directory` if it needs files."""


class Criterion(NamedTuple):
    """Map from the outputs of a problem to its loss and its reported metrics.

    Attributes:
        loss: Map (ops, outputs, batch) -> loss ().
        metrics: Map (ops, outputs, batch) -> metrics by name, each ().
    """

    loss: Callable[[Ops, Array, Batch], Array]
    metrics: Callable[[Ops, Array, Batch], dict[str, Array]]


class Problem(Protocol):
    """A function of parameters and a minibatch with a criterion, written for both frameworks."""

    @property
    def criterion(self) -> Criterion:
        """Return the criterion that turns the outputs into a loss."""

    @property
    def dataset(self) -> Dataset | None:
        """Return the data set, or None for a problem without data."""

    @property
    def plot_range(self) -> PlotRange | None:
        """Return the limits of a plot for a function of two variables, otherwise None."""

    def init(self, rng: np.random.Generator, /) -> dict[str, np.ndarray]:
        """Draw initial parameters, in float64 so that both frameworks start from equal values."""

    def outputs(self, ops: Ops, params: Params, batch: Batch, /) -> Array:
        """Compute the input of the criterion.

        It is the logits (n, classes) for a classifier and the value () for a test function.
        """


class Direction(Protocol):
    """The law of a random vector v with E[v v^T] = I."""

    def draw(self, ops: Ops, key: Key, like: Params, /) -> Params:
        """Draw v with the names, shapes, dtype and device of the parameters `like`.

        A leaf is an array. For a parameter of two axes or more it may also be an `OuterProduct` or
        a `ReplayedArray`. A law that moves one group of parameters draws each leaf as a
        `ChosenArray`.
        """


class Estimator(Protocol):
    """An estimator of the gradient. It is pure: a sampler provides all randomness.

    It is a `LossEstimator`, a `LearningEstimator`, a `MinibatchEstimator`, or an `OnlineEstimator`
    for a problem that processes sequences.
    """

    def __hash__(self) -> int:
        """Return the hash by which compiled programs are shared."""

    @property
    def direction(self) -> Direction | None:
        """Return the law of the directions, or None for an estimator without directions."""

    @property
    def num_directions(self) -> int:
        """Return K, the number of directions per estimate."""

    @property
    def evaluations(self) -> int:
        """Return the number of loss evaluations per estimate, with or without derivatives."""


@runtime_checkable
class LossEstimator(Estimator, Protocol):
    """An estimator of the gradient of a loss, given as a function of the parameters."""

    def estimate(
        self,
        ops: Ops,
        loss: Loss,
        params: Params,
        sampler: DirectionSampler,
        /,
    ) -> Estimate:
        """Estimate the gradient of `loss` at `params`.

        Args:
            ops: Operations of the framework.
            loss: Loss as a function of the parameters. It must also accept a `PerturbedWeight` for
                an array of two axes or more.
            params: Parameters. Every leaf is an array.
            sampler: Directions of this step. Their leaves are as in `Direction.draw`.

        Returns:
            The estimate.
        """


@runtime_checkable
class LearningEstimator(Estimator, Protocol):
    """An estimator of the gradient of a loss that learns from its own estimates.

    Its state passes from step to step. Given the past, an estimate is as before: the state of a
    step does not depend on the draws of this step.
    """

    def init_state(self, ops: Ops, params: Params, /) -> Any:
        """Return the state before the first step."""

    def estimate_and_learn(
        self, ops: Ops, loss: Loss, params: Params, state: Any, key: Key, /
    ) -> tuple[Estimate, Any]:
        """Estimate the gradient of `loss` at `params`.

        Args:
            ops: Operations of the framework.
            loss: As in `LossEstimator.estimate`.
            params: Parameters. Every leaf is an array.
            state: State after the last step.
            key: Random key of the estimate.

        Returns:
            The estimate and the next state.
        """


@runtime_checkable
class MinibatchEstimator(Estimator, Protocol):
    """An estimator that needs the examples of a minibatch, and not only its loss."""

    def estimate_minibatch(
        self, ops: Ops, problem: Problem, params: Params, batch: Batch, draw: VectorSampler, /
    ) -> Estimate:
        """Estimate the gradient of the minibatch loss at `params`.

        Args:
            ops: Operations of the framework.
            problem: The problem.
            params: Parameters. Every leaf is an array.
            batch: Minibatch.
            draw: Sampler of random vectors for this estimate.

        Raises:
            NotImplementedError: The problem does not have what the estimator needs.
        """


class Optimizer(Protocol):
    """A rule that updates the parameters from an estimate of the gradient. It is pure."""

    def init(self, ops: Ops, params: Params, /) -> Any:
        """Return the optimizer state before the first step."""

    def update(
        self,
        ops: Ops,
        params: Params,
        estimate: Estimate,
        optimizer_state: Any,
        learning_rate: Array,
        /,
    ) -> tuple[Params, Any]:
        """Return the next parameters and the next optimizer state.

        Args:
            ops: Operations of the framework.
            params: Parameters. Every leaf is an array, before and after the update.
            estimate: Estimate of the gradient. The leaves of its vector are as in
                `Direction.draw`.
            optimizer_state: State after the last step.
            learning_rate: Learning rate of this step: ().
        """
