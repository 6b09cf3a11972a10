"""Options of a configuration: one class per section, and a docstring below each option."""

from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

from annotated_types import MinLen
from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat

from dirgrad.components import registry
from dirgrad.components.registry import STRICT, component_field
from dirgrad.config.numbers import CountOrZero, Distinct, PositiveCount
from dirgrad.config.rates import Grid, Tuning
from dirgrad.config.shared_settings import Run as Run
from dirgrad.config.shared_settings import Statistics as Statistics
from dirgrad.core.types import Estimator, Optimizer, Problem

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
"""Name in a configuration; names of files contain it."""
Framework: TypeAlias = Literal["jax", "torch"]


class Training(BaseModel):
    """Training of one problem, at fixed learning rates or at the tuned rate of each estimator."""

    model_config = STRICT

    problem: Annotated[Problem, component_field("problems")]
    """Problem: its name, or `kind` with options."""
    optimizer: Annotated[Optimizer, component_field("optimizers")]
    """Optimizer: its name, or `kind` with options."""
    learning_rates: Annotated[tuple[PositiveFloat, ...], MinLen(1), Distinct] | None = None
    """Initial learning rates eta_0, for every estimator; null if `tuning` is given."""
    tuning: Tuning | None = None
    """Search for the learning rate of each estimator; null if `learning_rates` is given.

    The best rate has the lowest final validation loss (training loss if the problem has no
    validation data), as inter-quartile mean over its trials, among the rates at which no trial
    failed. The final trials use it. Tables choose among `learning_rates` by the same rule.
    """
    learning_rate_decay: NonNegativeFloat = 0.0
    """Decay rate k in eta_i = eta_0 exp(-k i) at step i; Baydin et al. 2022 use 1.0e-4."""
    seeds: PositiveCount
    """Number of final trials per learning rate.

    They use seeds 0, 1, ...; after tuning, they use seeds that the search did not use. The seed
    determines initial values, minibatches and directions.
    """
    steps: PositiveCount
    """Number of optimizer steps per trial."""
    horizon: PositiveCount | None = None
    """Number of steps after which the table `baydin` compares estimators; null means `steps`.

    Training goes on to `steps`, so that an estimator can still reach the lowest validation loss
    that backprop has up to the horizon. It must be a multiple of `record_every`.
    """
    record_every: PositiveCount
    """Number of steps between two points of a curve; must divide `steps`.

    The steps 0, 1, 2, 4, 8, ... are points too, because a loss falls fastest at the beginning.
    """
    batch_size: PositiveCount = 64
    """Number of examples per minibatch, drawn without replacement within an epoch.

    Problems without data ignore it.
    """
    lanes: PositiveCount | Literal["all"] = "all"
    """Number of trials that are vectorized and advance together, or `all`.

    Use `all` for small models, and 1 for a model that keeps the machine busy with a single trial.
    """
    evaluation_examples: PositiveCount = 10_000
    """Maximum number of examples per data split on which loss and accuracy are evaluated."""
    target_loss: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Validation loss (training loss if the problem has no validation data) to reach.

    The table `targets` reports the steps, seconds and evaluations needed to reach it. Null leaves
    the experiment out of that table.
    """
    timeout_seconds: PositiveFloat = 3600.0
    """Training time limit per estimator of a cell, in seconds, without compilation and evaluation.

    Trials that are unfinished when it is reached are recorded as `timeout`.
    """
    diverged_above: PositiveFloat = 1.0e6
    """Loss above which a trial is recorded as `diverged`; so is a loss that is not finite."""

    @property
    def num_trials(self) -> int:
        """Return the number of trials of one estimator.

        A search may go on beyond its grid; these trials are not known in advance.
        """
        if self.tuning is None:
            return len(self.learning_rates or ()) * self.seeds
        return len(self.tuning.rates) * self.tuning.seeds + self.seeds

    @property
    def record_points(self) -> tuple[int, ...]:
        """Return the numbers of steps after which a curve has a point, ascending from 0."""
        regular = range(0, self.steps + 1, self.record_every)
        powers = (2**i for i in range(self.steps.bit_length()))
        return tuple(sorted({*regular, *powers}))


class Experiment(Training):
    """One problem, its training, and the estimators to compare."""

    estimators: Annotated[tuple[str, ...], MinLen(1), Distinct]
    """Names from the top-level `estimators`."""
    backends: Annotated[tuple[Framework, ...], MinLen(1), Distinct] | None = None
    """Frameworks to use, out of the tier's `backends`; null means all."""


class Instrument(BaseModel):
    """Settings shared by all instruments.

    An instrument measures at the initial values of seed 0, on the first minibatch.
    """

    model_config = STRICT

    problems: Annotated[dict[Name, Annotated[Problem, component_field("problems")]], MinLen(1)]
    """Problems, by the names that tables show."""
    estimators: Annotated[tuple[str, ...], MinLen(1), Distinct]
    """Names from the top-level `estimators`."""
    batch_sizes: Annotated[tuple[PositiveCount, ...], MinLen(1), Distinct] = (64,)
    """Minibatch sizes, in examples; every problem with data is measured at each of them."""
    backends: Annotated[tuple[Framework, ...], MinLen(1), Distinct] | None = None
    """Frameworks to use, out of the tier's `backends`; null means all."""


Piece: TypeAlias = Literal["sampling", "derivative", "update"]
"""A part of a step: drawing a direction, the derivative along it, or the update."""


class Cost(Instrument):
    """Time of a gradient estimate and of a full step, compared with a forward pass.

    All functions are timed in turn, once per round.
    """

    rounds: PositiveCount = 10
    """Number of rounds; each gives one value per timed function."""
    round_seconds: PositiveFloat = 0.05
    """Duration of one value in seconds; the value is the mean time of the calls that fill it."""
    estimate: bool = True
    """Whether to time an estimate besides a whole step; it is checked in any case."""
    pieces: bool | Annotated[tuple[Piece, ...], Distinct] = False
    """Parts of a step to time too: some of sampling, derivative and update, or all (`true`)."""
    compiled: bool = True
    """Whether to compile (PyTorch: trace) the functions; otherwise operators run one by one.

    Tracing a long sequence in PyTorch takes minutes.
    """

    @property
    def timed_pieces(self) -> tuple[Piece, ...]:
        """The parts of a step that are timed."""
        if isinstance(self.pieces, bool):
            return get_args(Piece) if self.pieces else ()
        return self.pieces


class Memory(Instrument):
    """Memory of a step, compared with a forward pass; each value is measured in a new process."""

    rounds: CountOrZero = 3
    """Number of processes per value; 0 records only the timeline."""
    timeline_seconds: NonNegativeFloat = 0.0
    """Duration of the timeline in seconds; 0 records none.

    The timeline samples the resident memory of one more process while it takes steps.
    """


class Quality(Instrument):
    """Error of an estimate relative to the exact gradient: size, direction and tail."""

    draws: PositiveCount = 1000
    """Number of estimates per minibatch, with independent directions."""
    minibatches: PositiveCount = 1
    """Number of minibatches.

    With 2 or more, the variance between minibatches is separated from the variance between
    directions.
    """
    eps: Annotated[tuple[PositiveFloat, ...], Distinct] = ()
    """Steps of the finite differences; an empty list means each estimator's own `eps`."""
    precision: Literal["float32", "float64"] | None = None
    """Precision of parameters, data and directions; null means `run.precision`."""
    curvature: bool = False
    """Whether to weight the noise with the Hessian H, as in e^T H e for an estimate e.

    A point takes d products with H for up to 3000 parameters, and otherwise 200 plus one per
    estimate.
    """
    coordinates: PositiveCount = 200
    """Maximum number of coordinates, evenly spaced, whose moments are recorded."""
    after_steps: Annotated[tuple[CountOrZero, ...], MinLen(1), Distinct] = (0,)
    """Numbers of backprop steps after which estimates are drawn."""
    optimizer: Annotated[Optimizer, component_field("optimizers")] = registry.default(
        "optimizers", "sgd"
    )
    """Optimizer of these backprop steps."""
    learning_rate: PositiveFloat = 0.1
    """Learning rate of these backprop steps."""


class Stability(Instrument):
    """Largest stable learning rate of an estimator, from SGD training at each rate of a grid."""

    rates: Grid
    """Grid of learning rates."""
    seeds: PositiveCount = 3
    """Number of trials per rate."""
    steps: PositiveCount = 200
    """Number of steps per trial."""


class Config(BaseModel):
    """One tier of the reproduction."""

    model_config = STRICT

    tier: Name
    """`default`, or the name of an overlay next to config.yaml, such as `smoke` or `paper`."""
    backends: Annotated[tuple[Framework, ...], MinLen(1), Distinct]
    """Frameworks to run."""
    components: Annotated[tuple[str, ...], Distinct] = ()
    """Files of components outside this package, or folders of such files, relative to the working
    directory."""
    only: Annotated[tuple[str, ...], MinLen(1), Distinct] | None = None
    """Experiments and measurements to run, such as `mlp` or `cost/baydin`; null means all."""
    run: Run = Field(default_factory=Run)
    """Settings shared by all jobs."""
    statistics: Statistics = Field(default_factory=Statistics)
    """Settings of the summary over seeds."""
    estimators: dict[Name, Annotated[Estimator, component_field("estimators")]]
    """Estimators, by the names that tables and figures show: each a `kind` with options."""
    experiments: dict[Name, Experiment] = Field(default_factory=dict)
    """Experiments by name; null in an overlay removes one, or all of them."""
    cost: dict[Name, Cost] = Field(default_factory=dict)
    """Time measurements by name; null in an overlay removes one, or all of them."""
    memory: dict[Name, Memory] = Field(default_factory=dict)
    """Memory measurements by name; null in an overlay removes one, or all of them."""
    quality: dict[Name, Quality] = Field(default_factory=dict)
    """Comparisons of estimates with the exact gradient, by name; null removes one, or all."""
    stability: dict[Name, Stability] = Field(default_factory=dict)
    """Searches for the largest stable learning rate, by name; null removes one, or all."""


class JobKind(NamedTuple):
    """One kind of jobs.

    Attributes:
        section: Section of the configuration that lists these jobs by name.
        settings: Class of the settings of one job.
        module: Module with the function `run` that carries out a job.
        records: Kinds of records that a job writes, one file each.
    """

    section: str
    settings: type[Experiment] | type[Instrument]
    module: str
    records: tuple[str, ...]


JOB_KINDS = {
    "training": JobKind(
        "experiments", Experiment, "dirgrad.runs.training.train", ("trials", "curves")
    ),
    "cost": JobKind("cost", Cost, "dirgrad.runs.instruments.cost", ("cost",)),
    "memory": JobKind("memory", Memory, "dirgrad.runs.instruments.memory", ("memory", "resident")),
    "quality": JobKind(
        "quality", Quality, "dirgrad.runs.instruments.quality", ("draws", "coordinates")
    ),
    "stability": JobKind(
        "stability", Stability, "dirgrad.runs.instruments.stability", ("stability",)
    ),
}
"""All kinds of jobs by name, in the order of the configuration."""
SECTIONS: dict[str, type[BaseModel]] = {kind.section: kind.settings for kind in JOB_KINDS.values()}
"""Classes of the experiments and measurements, by section of the configuration."""
