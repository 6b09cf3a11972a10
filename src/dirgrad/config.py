"""The configuration: YAML files laid over each other, validated as a whole before anything runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from math import log10
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from annotated_types import Ge, Gt, Lt, MinLen
from pydantic import BaseModel, Field, NonNegativeFloat, PositiveFloat, PositiveInt, ValidationError

from dirgrad import mistakes
from dirgrad.catalogue import STRICT, reference
from dirgrad.errors import UserError, nearest
from dirgrad.types import Estimator, Optimizer, Problem

COMMAND_LINE = "the command line"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Tuning(BaseModel):
    """How each estimator finds its own learning rate: every rate of a logarithmic grid with a few seeds, the same for all."""

    model_config = STRICT

    lowest: PositiveFloat
    """The first rate of the grid."""
    highest: PositiveFloat
    """The last rate of the grid."""
    per_decade: PositiveInt = 2
    """Rates to a factor of ten."""
    seeds: PositiveInt = 3
    """Trials per rate: seeds 0, 1, ...; the seeds of the training that follows are the next ones."""

    @property
    def rates(self) -> tuple[float, ...]:
        """The grid, rounded to 3 digits."""
        count = round(log10(self.highest / self.lowest) * self.per_decade)
        return tuple(float(f"{self.lowest * 10 ** (i / self.per_decade):.3g}") for i in range(count + 1))


class Training(BaseModel):
    """How one problem is trained: at the rates that are given, or at each estimator's own, found by tuning."""

    model_config = STRICT

    problem: Annotated[Problem, reference("problems")]
    """The problem: its name, or `kind` with its options."""
    optimizer: Annotated[Optimizer, reference("optimizers")]
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
    estimators: dict[Name, Annotated[Estimator, reference("estimators")]]
    """The estimators by the names that tables and figures show: each a `kind` with its options."""
    experiments: Annotated[dict[Name, Experiment | None], MinLen(1)]
    """The experiments by name; an overlay leaves one out by setting it to null."""


def overlay(base: Any, over: Any) -> Any:
    """`over` laid over `base`: mappings are merged key by key, all else is replaced. As Snakemake does it, for which an
    empty mapping changes nothing."""
    if not isinstance(over, Mapping):
        return over
    if not over:
        return base
    below = base if isinstance(base, Mapping) else {}
    return {**below, **{key: overlay(below.get(key, {}), value) for key, value in over.items()}}


def read(path: str | Path) -> dict[str, Any]:
    """One YAML (or JSON) file. Raises UserError where it cannot be read, is no YAML or is no mapping."""
    path = Path(path)
    try:
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file: {nearest(path.name, (p.name for p in path.parent.glob('*.yaml')))}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: the file must hold keys and values, not a {type(content).__name__}")
    return content


def _parsed(text: str) -> Any:
    """JSON as JSON, since YAML would read its 5e-05 as text; all else as YAML."""
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def load(paths: Sequence[str | Path], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The files laid over each other in this order, and `override` over them, validated; as plain data. Raises UserError."""
    read_in: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths} | {COMMAND_LINE: override or {}}
    raw: dict[str, Any] = reduce(overlay, read_in.values(), {})
    check(raw, read_in)
    return raw


def layers(raw: Mapping[str, Any], paths: Sequence[str | Path]) -> dict[str, Mapping[str, Any]]:
    """The files as layers by name, and as a last one what the command line laid over them."""
    found: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths}
    return found | {COMMAND_LINE: _difference(raw, reduce(overlay, found.values(), {}))}


def _difference(over: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """What was laid over `base` to make `over`."""
    found: dict[str, Any] = {}
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            found |= {key: inner} if (inner := _difference(value, base[key])) else {}
        elif key not in base or value != base[key]:
            found[key] = value
    return found


def check(raw: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> Config:
    """The typed configuration. Raises UserError, one sentence a mistake, naming the last of the layers that has the key."""
    try:
        config = Config.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise UserError(mistakes.sentences(error.errors(), layers, _keys)) from None
    found: list[tuple[tuple[Any, ...], str]] = [
        (("experiments", name, *at), text)
        for name, one in config.experiments.items()
        if one is not None
        for at, text in _inconsistent(one, config)
    ]
    if len(set(config.backends)) < len(config.backends):
        found.append((("backends",), "a backend stands twice"))
    if not any(config.experiments.values()):
        found.append((("experiments",), "every experiment is left out"))
    if found:
        raise UserError("\n".join(mistakes.located(key, text, layers) for key, text in found))
    return config


def _keys(location: tuple[Any, ...]) -> Iterable[str]:
    """The keys that are allowed at a place of the configuration."""
    models: dict[tuple[Any, ...], type[BaseModel]] = {(): Config, ("run",): Run, ("statistics",): Statistics}
    return models.get(location, Tuning if location[2:] == ("tuning",) else Experiment).model_fields


def _inconsistent(experiment: Experiment, config: Config) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong between keys, each with its place."""
    for i, name in enumerate(experiment.estimators):
        if name not in config.estimators:
            yield ("estimators", i), f"no estimator '{name}' is defined: {nearest(name, config.estimators)}"
    if experiment.steps % experiment.record_every:
        yield ("record_every",), f"{experiment.record_every} does not divide steps = {experiment.steps}"
    dataset = experiment.problem.dataset
    if dataset is not None and experiment.batch_size > dataset.train_examples:
        yield ("batch_size",), f"{experiment.batch_size} is more than the {dataset.train_examples} training examples"
    rates, tuning = experiment.learning_rates, experiment.tuning
    if (rates is None) == (tuning is None):
        yield ("tuning",) if tuning else ("learning_rates",), "give either learning_rates or tuning, and set the other to null"
    if rates is not None and len(set(rates)) < len(rates):
        yield ("learning_rates",), "a learning rate stands twice"
    if tuning is not None and tuning.highest <= tuning.lowest:
        yield ("tuning", "highest"), f"{tuning.highest:g} is not above lowest = {tuning.lowest:g}"
