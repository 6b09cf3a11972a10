"""The options of a configuration, each documented where it is declared."""

from math import log10
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt, MinLen
from pydantic import BaseModel, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from dirgrad.components import registry
from dirgrad.components.registry import STRICT, component_field
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator, Optimizer, Problem

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Grid(BaseModel):
    """Learning rates in equal ratios."""

    model_config = STRICT

    lowest: PositiveFloat
    """The first rate of the grid."""
    highest: PositiveFloat
    """The last rate of the grid."""
    per_decade: PositiveInt = 2
    """Rates to a factor of ten."""

    @property
    def rates(self) -> tuple[float, ...]:
        """The grid, rounded to 3 digits."""
        count = round(log10(self.highest / self.lowest) * self.per_decade)
        return tuple(
            float(f"{self.lowest * 10 ** (i / self.per_decade):.3g}") for i in range(count + 1)
        )


class Tuning(Grid):
    """How each estimator finds its own learning rate: every rate of a logarithmic grid with a few seeds, the same for all."""

    seeds: PositiveInt = 3
    """Trials per rate: seeds 0, 1, ...; the seeds of the training that follows are the next ones."""


class Training(BaseModel):
    """How one problem is trained: at the rates that are given, or at each estimator's own, found by tuning."""

    model_config = STRICT

    problem: Annotated[Problem, component_field("problems")]
    """The problem: its name, or `kind` with its options."""
    optimizer: Annotated[Optimizer, component_field("optimizers")]
    """The rule of the update: its name, or `kind` with its options."""
    learning_rates: Annotated[tuple[PositiveFloat, ...], MinLen(1)] | None = None
    """eta_0, the same for every estimator; left out where there is `tuning`."""
    tuning: Tuning | None = None
    """The search of each estimator's own rate: the one of the lowest validation loss (training loss without validation),
    among those at which no trial failed; then `seeds` fresh seeds are trained at it."""
    learning_rate_decay: NonNegativeFloat = 0.0
    """k of eta_i = eta_0 exp(-k i) at step i; 1.0e-4 in Baydin et al. 2022."""
    seeds: PositiveInt
    """Trials per learning rate: seeds 0, 1, ... or, after tuning, the next ones; a seed sets initial values, minibatches
    and directions."""
    steps: PositiveInt
    """Optimiser steps of a trial."""
    record_every: PositiveInt
    """Steps between two points of a curve; divides `steps`."""
    batch_size: PositiveInt = 64
    """Examples of a minibatch, drawn without replacement within an epoch; a problem without data has none."""
    lanes: PositiveInt | Literal["all"] = "all"
    """Trials that advance together, vectorised: `all` for small models, 1 where a model fills the machine by itself."""
    evaluation_examples: PositiveInt = 10_000
    """Examples at most, of each part of the data, on which loss and accuracy are evaluated at a record point."""
    target_loss: PositiveFloat | None = None
    """The validation loss (training loss without validation) whose time, steps and evaluations the table `targets` reports."""
    timeout_seconds: PositiveFloat = 3600.0
    """Training time of one job after which its remaining trials are recorded as `timeout`."""
    diverged_above: PositiveFloat = 1.0e6
    """A trial whose loss is above this, or not finite, is recorded as `diverged`."""


class Experiment(Training):
    """A problem, how it is trained, and by which estimators."""

    estimators: Annotated[tuple[str, ...], MinLen(1)]
    """Names from the top-level `estimators`."""
    backends: Annotated[tuple[Literal["jax", "torch"], ...], MinLen(1)] | None = None
    """The frameworks, if not all of the tier's."""


class Instrument(BaseModel):
    """What is measured at the start of training: at the initial values of seed 0, on its first minibatch."""

    model_config = STRICT

    problems: Annotated[dict[Name, Annotated[Problem, component_field("problems")]], MinLen(1)]
    """The problems by the names that tables show."""
    estimators: Annotated[tuple[str, ...], MinLen(1)]
    """Names from the top-level `estimators`."""
    batch_sizes: Annotated[tuple[PositiveInt, ...], MinLen(1)] = (64,)
    """Examples of the minibatch; every problem that has data is measured with each."""
    backends: Annotated[tuple[Literal["jax", "torch"], ...], MinLen(1)] | None = None
    """The frameworks, if not all of the tier's."""


class Cost(Instrument):
    """The time of a gradient estimate and of a whole step, beside the function alone; all take turns, round by round."""

    rounds: PositiveInt = 10
    """Rounds, each with one value of everything."""
    round_seconds: PositiveFloat = 0.05
    """A value is a mean over as many calls as fill this time."""
    pieces: bool = False
    """Whether the pieces of a step are timed too: sampling a direction, the derivative along it, the update."""
    compiled: bool = True
    """Whether functions are compiled (PyTorch: traced) or called operator by operator: the graph of a long sequence takes
    PyTorch minutes to trace."""


class Memory(Instrument):
    """The memory of a step, beside the function alone; each value from a process of its own."""

    rounds: NonNegativeInt = 3
    """Processes per value; none for 0, where a timeline is all that is asked for."""
    timeline_seconds: NonNegativeFloat = 0.0
    """Seconds of steps, one after another in one more process, of which the resident set is sampled from outside; none for 0."""


class Quality(Instrument):
    """The noise of an estimate against the exact gradient: its size, its direction, its tail."""

    draws: PositiveInt = 1000
    """Estimates, of independent directions on the same minibatch."""
    minibatches: PositiveInt = 1
    """Minibatches on which so many estimates are made; from two on, the variance between them is told from that of directions."""
    eps: tuple[PositiveFloat, ...] = ()
    """The steps at which differences are taken, if not their own."""
    precision: Literal["float32", "float64"] | None = None
    """Of parameters, data and directions, if not that of the run."""
    coordinates: PositiveInt = 200
    """Coordinates at most, evenly spaced, whose moments are recorded."""
    after_steps: Annotated[tuple[NonNegativeInt, ...], MinLen(1)] = (0,)
    """Where along training: after so many steps by backprop."""
    optimizer: Annotated[Optimizer, component_field("optimizers")] = registry.default(
        "optimizers", "sgd"
    )
    """The rule of these steps."""
    learning_rate: PositiveFloat = 0.1
    """The rate of these steps."""


class Stability(Instrument):
    """The largest learning rate that an estimator bears, from trainings by SGD at every rate of a grid."""

    rates: Grid
    """The grid."""
    seeds: PositiveInt = 3
    """Trials per rate."""
    steps: PositiveInt = 200
    """Steps of a trial."""


INSTRUMENTS: dict[str, type[Instrument]] = {
    "cost": Cost,
    "memory": Memory,
    "quality": Quality,
    "stability": Stability,
}


class Run(BaseModel):
    """What every job of a tier is told."""

    model_config = STRICT

    precision: Literal["float32", "float64"] = "float32"
    """Of parameters, data and directions."""
    threads: PositiveInt = 2
    """Processor threads of a job."""
    exclusive: bool = True
    """Whether training jobs run one at a time, so that their seconds mean something; recorded with every trial."""
    data_directory: str | None = None
    """Where data sets that are not embedded lie; else the environment variable DIRGRAD_DATA, else they are downloaded."""


class Statistics(BaseModel):
    """How tables summarise seeds: inter-quartile mean, with a percentile bootstrap interval."""

    model_config = STRICT

    confidence: Annotated[float, Gt(0.0), Lt(1.0)] = 0.95
    """Coverage of the intervals."""
    resamples: PositiveInt = 2000
    """Bootstrap resamples."""
    seed: Annotated[int, Ge(0)] = 0
    """Of the bootstrap."""


class Config(BaseModel):
    """One tier of the reproduction."""

    model_config = STRICT

    tier: Name
    """`default`, or the name of an overlay beside config.yaml: `smoke`, `paper`."""
    backends: Annotated[tuple[Literal["jax", "torch"], ...], MinLen(1)]
    """The frameworks."""
    run: Run = Field(default_factory=Run)
    """What every job is told."""
    statistics: Statistics = Field(default_factory=Statistics)
    """How tables summarise seeds."""
    estimators: dict[Name, Annotated[Estimator | OnlineEstimator, component_field("estimators")]]
    """The estimators by the names that tables and figures show: each a `kind` with its options."""
    experiments: Annotated[dict[Name, Experiment | None], MinLen(1)]
    """The experiments by name; an overlay leaves one out, or one of what follows, by setting it to null."""
    cost: dict[Name, Cost | None] = Field(default_factory=dict)
    """What is timed, by name."""
    memory: dict[Name, Memory | None] = Field(default_factory=dict)
    """Whose memory is measured, by name."""
    quality: dict[Name, Quality | None] = Field(default_factory=dict)
    """Whose estimates are compared with the gradient, by name."""
    stability: dict[Name, Stability | None] = Field(default_factory=dict)
    """Whose largest learning rates are looked for, by name."""
