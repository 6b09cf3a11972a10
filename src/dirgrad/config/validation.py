"""The configuration: YAML files laid over each other, validated as a whole before anything runs."""

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
"""A place and what is wrong there."""


def load(paths: Sequence[str | Path], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The files laid over each other in this order, and `override` over them, validated; as plain data. Raises UserError."""
    read_in: dict[str, Mapping[str, Any]] = {str(path): read(path) for path in paths} | {
        COMMAND_LINE: override or {}
    }
    raw: dict[str, Any] = reduce(overlay, read_in.values(), {})
    check(raw, read_in)
    return raw


def check(raw: Mapping[str, Any], layers: Mapping[str, Mapping[str, Any]]) -> Config:
    """The typed configuration. Raises UserError, one sentence a mistake, naming the last of the layers that has the key."""
    try:
        config = Config.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise UserError(messages.format_errors(error.errors(), layers, _keys)) from None
    found: list[Mistake] = [
        (("experiments", name, *at), text)
        for name, one in config.experiments.items()
        if one is not None
        for at, text in _inconsistent(one, config)
    ]
    found += [
        ((section, name, *at), text)
        for section in INSTRUMENTS
        for name, measured in getattr(config, section).items()
        if measured is not None
        for at, text in _mismeasured(measured, config)
    ]
    if len(set(config.backends)) < len(config.backends):
        found.append((("backends",), "a backend stands twice"))
    if not any(config.experiments.values()):
        found.append((("experiments",), "every experiment is left out"))
    if found:
        raise UserError("\n".join(messages.format_error(key, text, layers) for key, text in found))
    return config


def _keys(location: tuple[Any, ...]) -> Iterable[str]:
    """The keys that are allowed at a place of the configuration."""
    models: dict[tuple[Any, ...], type[BaseModel]] = {("run",): Run, ("statistics",): Statistics}
    inner: dict[tuple[Any, ...], type[BaseModel]] = {("tuning",): Tuning, ("rates",): Grid}
    outer: dict[tuple[Any, ...], type[BaseModel]] = {
        (name,): model for name, model in INSTRUMENTS.items()
    }
    outer[("experiments",)] = Experiment
    if len(location) < 2:
        return models.get(location, Config).model_fields
    return inner.get(location[2:], outer[location[:1]]).model_fields


def _undefined(estimators: Sequence[str], config: Config) -> Iterator[Mistake]:
    for i, name in enumerate(estimators):
        if name not in config.estimators:
            yield (
                ("estimators", i),
                f"no estimator '{name}' is defined: {nearest(name, config.estimators)}",
            )


def _unreadable(estimators: Sequence[str], problem: Problem, config: Config) -> Iterator[Mistake]:
    for i, name in enumerate(estimators):
        estimator = config.estimators.get(name)
        if not isinstance(estimator, OnlineEstimator):
            continue
        if not isinstance(problem, Recurrent):
            yield (
                ("estimators", i),
                f"'{name}' goes along a sequence, and the problem '{registry.kind(problem)}' reads none",
            )
        elif problem.length % (estimator.window or problem.length):
            yield (
                ("estimators", i),
                f"window = {estimator.window} of '{name}' does not divide the {problem.length} steps of the problem",
            )


def _too_few(problem: Problem, batch_size: int) -> Iterator[Mistake]:
    dataset = problem.dataset
    if dataset is not None and batch_size > dataset.train_examples:
        yield (
            ("batch_size",),
            f"{batch_size} is more than the {dataset.train_examples} training examples",
        )


def _descending(grid: Grid, *at: str) -> Iterator[Mistake]:
    if grid.highest <= grid.lowest:
        yield (*at, "highest"), f"{grid.highest:g} is not above lowest = {grid.lowest:g}"


def _mismeasured(measured: Instrument, config: Config) -> Iterator[Mistake]:
    """What is wrong between keys of an instrument, each with its place."""
    yield from _undefined(measured.estimators, config)
    for problem in measured.problems.values():
        yield from _unreadable(measured.estimators, problem, config)
        for size in measured.batch_sizes:
            yield from ((("batch_sizes",), text) for _, text in _too_few(problem, size))
    if isinstance(measured, Stability):
        yield from _descending(measured.rates, "rates")


def _inconsistent(experiment: Experiment, config: Config) -> Iterator[Mistake]:
    """What is wrong between keys of an experiment, each with its place."""
    yield from _undefined(experiment.estimators, config)
    yield from _unreadable(experiment.estimators, experiment.problem, config)
    if experiment.steps % experiment.record_every:
        yield (
            ("record_every",),
            f"{experiment.record_every} does not divide steps = {experiment.steps}",
        )
    yield from _too_few(experiment.problem, experiment.batch_size)
    rates, tuning = experiment.learning_rates, experiment.tuning
    if (rates is None) == (tuning is None):
        yield (
            ("tuning",) if tuning else ("learning_rates",),
            "give either learning_rates or tuning, and set the other to null",
        )
    if rates is not None and len(set(rates)) < len(rates):
        yield ("learning_rates",), "a learning rate stands twice"
    if tuning is not None:
        yield from _descending(tuning, "tuning")
