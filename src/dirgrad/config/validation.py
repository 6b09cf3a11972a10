"""Validation of a configuration: its files are merged and checked before anything runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from dirgrad.components import registry
from dirgrad.config import messages
from dirgrad.config.files import COMMAND_LINE, merge, read
from dirgrad.config.rates import Grid, Tuning
from dirgrad.config.settings import (
    JOB_KINDS,
    Config,
    Experiment,
    Instrument,
    Run,
    Stability,
    Statistics,
)
from dirgrad.core.errors import UserError, nearest
from dirgrad.core.recurrent import OnlineEstimator, Recurrent
from dirgrad.core.types import Problem

Mistake: TypeAlias = tuple[tuple[str | int, ...], str]
"""Location of a mistake in the configuration, and a message."""
Models: TypeAlias = dict[messages.Location, type[BaseModel]]
SECTIONS: dict[str, type[BaseModel]] = {kind.section: kind.settings for kind in JOB_KINDS.values()}
"""Classes of the experiments and measurements, by section of the configuration."""


def load(paths: Sequence[str | Path], override: Mapping[str, Any] | None = None) -> Config:
    """Read, merge and validate configuration files.

    Args:
        paths: YAML or JSON files; later ones override earlier ones.
        override: Values that override all files.

    Raises:
        UserError: If a file cannot be read or the configuration is not valid.
    """
    layers: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths}
    return check(layers | {COMMAND_LINE: override or {}})


def check(layers: Mapping[str, Mapping[str, Any]]) -> Config:
    """Merge and validate the contents of configuration files.

    Args:
        layers: Contents by name of the file; later ones override earlier ones. A message names the
            last file that sets the key.

    Raises:
        UserError: If the configuration is not valid; the message has one line per mistake.
    """
    written = _without_nulls(merge(layers.values()))
    _register_components(written, layers)
    try:
        config = Config.model_validate_json(json.dumps(written, default=str))
    except ValidationError as error:
        raise UserError(messages.format_errors(error.errors(), layers, _allowed_keys)) from None
    mistakes = list(_mistakes(config))
    if mistakes:
        lines = [messages.format_error(location, text, layers) for location, text in mistakes]
        raise UserError("\n".join(lines))
    return _selected(config)


def _register_components(
    written: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]
) -> None:
    """Register the components outside this package, before anything refers to them."""
    registry.add_installed()
    paths = written.get("components", ())
    for i, path in enumerate(paths if isinstance(paths, list) else ()):
        try:
            registry.add(str(path))
        except UserError as error:
            message = messages.format_error(("components", i), str(error), layers)
            raise UserError(message) from None


def _without_nulls(merged: Mapping[str, Any]) -> dict[str, Any]:
    """Remove the experiments and measurements that an overlay sets to null."""
    written = dict(merged)
    for section in SECTIONS:
        if section not in written:
            continue
        content = written[section] or {}
        if isinstance(content, Mapping):
            content = {name: value for name, value in content.items() if value is not None}
        written[section] = content
    return written


def _selected(config: Config) -> Config:
    """Keep the experiments and measurements that `only` names."""
    if config.only is None:
        return config
    kept: dict[str, Any] = {}
    for kind, (section, *_) in JOB_KINDS.items():
        jobs = getattr(config, section)
        chosen = [name for name in jobs if {name, f"{kind}/{name}"} & {*config.only}]
        kept[section] = {name: jobs[name] for name in chosen}
    return config.model_copy(update=kept)


def _mistakes(config: Config) -> Iterator[Mistake]:
    """Yield all mistakes that involve more than one key."""
    for name, experiment in config.experiments.items():
        mistakes = _experiment_mistakes(experiment, config)
        yield from _below(mistakes, "experiments", name)
    for section in SECTIONS:
        for name, instrument in getattr(config, section).items():
            if isinstance(instrument, Instrument):
                mistakes = _instrument_mistakes(instrument, config)
                yield from _below(mistakes, section, name)
    if len(set(config.backends)) < len(config.backends):
        yield ("backends",), "a backend is listed twice"
    yield from _selection_mistakes(config)


def _selection_mistakes(config: Config) -> Iterator[Mistake]:
    """Yield the names in `only` that exist nowhere, and a configuration without any job."""
    sections = {kind: getattr(config, section) for kind, (section, *_) in JOB_KINDS.items()}
    subjects = [f"{kind}/{name}" for kind, jobs in sections.items() for name in jobs]
    names = [name for jobs in sections.values() for name in jobs]
    for i, name in enumerate(config.only or ()):
        valid = subjects if "/" in name else dict.fromkeys(names)
        if name not in valid:
            hint = nearest(name, valid)
            yield ("only", i), f"no experiment or measurement '{name}': {hint}"
    if not subjects:
        yield ("experiments",), "every experiment and measurement is null: keep at least one"


def _below(mistakes: Iterable[Mistake], *parent: str) -> Iterator[Mistake]:
    for location, text in mistakes:
        yield (*parent, *location), text


def _allowed_keys(location: messages.Location) -> Iterable[str]:
    """Return the keys allowed at a location of the configuration."""
    top_level: Models = {("run",): Run, ("statistics",): Statistics}
    if len(location) < 2:
        return top_level.get(location, Config).model_fields
    section = SECTIONS[location[0]]
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
    elif f"{grid.highest:.3g}" != f"{grid.rates[-1]:.3g}":
        below = floor(grid.num_steps)
        rates = f"{grid.per_decade} rates per decade from lowest = {grid.lowest:g}"
        text = f"{grid.highest:g} is not on the grid of {rates}"
        yield (key, "highest"), f"{text}: use {grid.rate(below):g} or {grid.rate(below + 1):g}"


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
    yield from _horizon_mistakes(experiment)
    yield from _batch_size_mistakes(experiment.problem, experiment.batch_size)
    rates, tuning = experiment.learning_rates, experiment.tuning
    if (rates is None) == (tuning is None):
        key = "tuning" if tuning else "learning_rates"
        yield (key,), "give either learning_rates or tuning, and set the other to null"
    if rates is not None and len(set(rates)) < len(rates):
        yield ("learning_rates",), "a learning rate is listed twice"
    if tuning is not None:
        yield from _grid_mistakes(tuning, "tuning")
        yield from _search_mistakes(tuning)


def _horizon_mistakes(experiment: Experiment) -> Iterator[Mistake]:
    """Yield that a horizon does not coincide with a record point."""
    horizon, every = experiment.horizon, experiment.record_every
    if horizon is None:
        return
    if horizon > experiment.steps:
        yield ("horizon",), f"{horizon} is more than steps = {experiment.steps}"
    elif horizon % every:
        yield ("horizon",), f"{horizon} is not a multiple of record_every = {every}"


def _search_mistakes(tuning: Tuning) -> Iterator[Mistake]:
    """Yield that a search has too few rates for a best one between two others."""
    num_rates = len(tuning.rates)
    if num_rates == 2 and not tuning.extension:
        text = "0 leaves no rate between two others on a grid of 2 rates"
        yield ("tuning", "extension"), f"{text}: use at least 1, or add rates to the grid"
