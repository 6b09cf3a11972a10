"""Validation of a configuration: its files are merged and checked before anything runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from dirgrad.components import registry
from dirgrad.config import messages
from dirgrad.config.files import COMMAND_LINE, overlay, read
from dirgrad.config.settings import (
    INSTRUMENTS,
    Config,
    Experiment,
    Grid,
    Instrument,
    Run,
    Stability,
    Statistics,
    Tuning,
)
from dirgrad.core.errors import UserError, nearest
from dirgrad.core.recurrent import OnlineEstimator, Recurrent
from dirgrad.core.types import Problem

Mistake: TypeAlias = tuple[tuple[str | int, ...], str]
"""Location of a mistake in the configuration, and a message."""
Models: TypeAlias = dict[messages.Location, type[BaseModel]]


def load(paths: Sequence[str | Path], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read, merge and validate configuration files; return them as plain data.

    Args:
        paths: YAML or JSON files; later ones override earlier ones.
        override: Values that override all files.

    Raises:
        UserError: If a file cannot be read or the configuration is not valid.
    """
    layers: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths}
    layers[COMMAND_LINE] = override or {}
    raw: dict[str, Any] = reduce(overlay, layers.values(), {})
    check(raw, layers)
    return raw


def check(raw: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> Config:
    """Validate a merged configuration and return it with its types.

    Args:
        raw: The merged configuration.
        layers: The files it was merged from; a message names the last one that sets the key.

    Raises:
        UserError: If the configuration is not valid; the message has one line per mistake.
    """
    try:
        config = Config.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise UserError(messages.format_errors(error.errors(), layers, _allowed_keys)) from None
    mistakes = list(_mistakes(config))
    if mistakes:
        lines = [messages.format_error(location, text, layers) for location, text in mistakes]
        raise UserError("\n".join(lines))
    return config


def _mistakes(config: Config) -> Iterator[Mistake]:
    """Yield all mistakes that involve more than one key."""
    for name, experiment in config.experiments.items():
        if experiment is not None:
            mistakes = _experiment_mistakes(experiment, config)
            yield from _below(mistakes, "experiments", name)
    for section in INSTRUMENTS:
        for name, instrument in getattr(config, section).items():
            if instrument is not None:
                mistakes = _instrument_mistakes(instrument, config)
                yield from _below(mistakes, section, name)
    if len(set(config.backends)) < len(config.backends):
        yield ("backends",), "a backend is listed twice"
    if not any(config.experiments.values()):
        yield ("experiments",), "every experiment is null: keep at least one"


def _below(mistakes: Iterable[Mistake], *parent: str) -> Iterator[Mistake]:
    for location, text in mistakes:
        yield (*parent, *location), text


def _allowed_keys(location: messages.Location) -> Iterable[str]:
    """Return the keys allowed at a location of the configuration."""
    top_level: Models = {("run",): Run, ("statistics",): Statistics}
    if len(location) < 2:
        return top_level.get(location, Config).model_fields
    sections: Models = {(name,): model for name, model in INSTRUMENTS.items()}
    sections[("experiments",)] = Experiment
    section = sections[location[:1]]
    nested: Models = {("tuning",): Tuning, ("rates",): Grid}
    return nested.get(location[2:], section).model_fields


def _undefined_estimators(names: Sequence[str], config: Config) -> Iterator[Mistake]:
    for i, name in enumerate(names):
        if name not in config.estimators:
            hint = nearest(name, config.estimators)
            text = f"estimator '{name}' is not defined: {hint}"
            yield ("estimators", i), text


def _online_mistakes(names: Sequence[str], problem: Problem, config: Config) -> Iterator[Mistake]:
    """Yield the online estimators that do not fit the sequence of a problem."""
    for i, name in enumerate(names):
        estimator = config.estimators.get(name)
        if not isinstance(estimator, OnlineEstimator):
            continue
        location = ("estimators", i)
        if not isinstance(problem, Recurrent):
            kind = registry.kind(problem)
            yield location, f"'{name}' needs a sequence, but the problem '{kind}' has none"
        elif problem.length % (estimator.window or problem.length):
            window = f"window = {estimator.window} of '{name}'"
            yield location, f"{window} does not divide the sequence length {problem.length}"


def _batch_size_mistakes(problem: Problem, batch_size: int) -> Iterator[Mistake]:
    dataset = problem.dataset
    if dataset is not None and batch_size > dataset.train_examples:
        text = f"{batch_size} is more than the {dataset.train_examples} training examples"
        yield ("batch_size",), text


def _grid_mistakes(grid: Grid, key: str) -> Iterator[Mistake]:
    if grid.highest <= grid.lowest:
        text = f"{grid.highest:g} is not above lowest = {grid.lowest:g}"
        yield (key, "highest"), text


def _instrument_mistakes(instrument: Instrument, config: Config) -> Iterator[Mistake]:
    """Yield the mistakes in the settings of an instrument, with locations relative to them."""
    yield from _undefined_estimators(instrument.estimators, config)
    for problem in instrument.problems.values():
        yield from _online_mistakes(instrument.estimators, problem, config)
        for size in instrument.batch_sizes:
            for _, text in _batch_size_mistakes(problem, size):
                yield ("batch_sizes",), text
    if isinstance(instrument, Stability):
        yield from _grid_mistakes(instrument.rates, "rates")


def _experiment_mistakes(experiment: Experiment, config: Config) -> Iterator[Mistake]:
    """Yield the mistakes in an experiment, with locations relative to it."""
    yield from _undefined_estimators(experiment.estimators, config)
    yield from _online_mistakes(experiment.estimators, experiment.problem, config)
    if experiment.steps % experiment.record_every:
        text = f"{experiment.record_every} does not divide steps = {experiment.steps}"
        yield ("record_every",), text
    yield from _batch_size_mistakes(experiment.problem, experiment.batch_size)
    rates, tuning = experiment.learning_rates, experiment.tuning
    if (rates is None) == (tuning is None):
        key = "tuning" if tuning else "learning_rates"
        yield (key,), "give either learning_rates or tuning, and set the other to null"
    if rates is not None and len(set(rates)) < len(rates):
        yield ("learning_rates",), "a learning rate is listed twice"
    if tuning is not None:
        yield from _grid_mistakes(tuning, "tuning")
