"""Validation of a configuration: its files are merged and checked before anything runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from dirgrad.components import registry
from dirgrad.config import conflicts, messages
from dirgrad.config.files import COMMAND_LINE, merge, read, with_yaml_values
from dirgrad.config.messages import Layers, Mistake
from dirgrad.config.rates import Grid, Tuning
from dirgrad.config.settings import JOB_KINDS, SECTIONS, Config, Run, Statistics
from dirgrad.core.errors import UserError

Models: TypeAlias = dict[messages.Location, type[BaseModel]]
LARGEST = 2**53
"""Largest whole number; beyond it a float skips some."""


class _WrongTypesError(UserError):
    """Values that the options do not accept, with their locations."""

    def __init__(self, message: str, locations: Sequence[messages.Location]) -> None:
        super().__init__(message)
        self.locations = locations


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


def check(layers: Layers) -> Config:
    """Merge and validate the contents of configuration files.

    Args:
        layers: Contents by name of the file; later ones override earlier ones. A message names the
            last file that sets the key. In the layer of the command line, a text where an option
            does not accept one is read as YAML.

    Raises:
        UserError: If the configuration is not valid; the message has one line per mistake.
    """
    return check_and_type(layers)[0]


def check_and_type(layers: Layers) -> tuple[Config, Layers]:
    """Return the configuration that `check` returns, and the layers as it read them.

    The layer of the command line then has numbers instead of texts. Snakemake passes every value
    below the top level of `--config` as text.

    Raises:
        UserError: If the configuration is not valid.
    """
    while True:
        try:
            return _checked(layers), layers
        except _WrongTypesError as error:
            given = layers.get(COMMAND_LINE, {})
            typed = with_yaml_values(given, error.locations)
            if typed == given:
                raise
            layers = {**layers, COMMAND_LINE: typed}


def _checked(layers: Layers) -> Config:
    written = _without_nulls(merge(layers.values()))
    too_large = [*_too_large(written)]
    if too_large:
        raise UserError(_formatted(too_large, layers))
    _register_components(written, layers)
    try:
        config = Config.model_validate_json(json.dumps(written, default=str))
    except ValidationError as error:
        errors = error.errors()
        text = messages.format_errors(errors, layers, _allowed_keys)
        raise _WrongTypesError(text, messages.locations(errors, layers)) from None
    mistakes = [*conflicts.mistakes(config)]
    if mistakes:
        raise UserError(_formatted(mistakes, layers))
    return _selected(config)


def _formatted(mistakes: Iterable[Mistake], layers: Layers) -> str:
    return "\n".join(messages.format_error(*mistake, layers) for mistake in mistakes)


def _too_large(content: Any, *parent: str | int) -> Iterator[Mistake]:
    """Yield the whole numbers that no array index and no float can hold."""
    if isinstance(content, int) and abs(content) > LARGEST:
        yield parent, f"expected a number of at most {LARGEST}, got {messages.shown(content)}"
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(content, Mapping):
        pairs = content.items()
    elif isinstance(content, list):
        pairs = enumerate(content)
    for key, item in pairs:
        yield from _too_large(item, *parent, key)


def _register_components(written: Mapping[str, Any], layers: Layers) -> None:
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


def _allowed_keys(location: messages.Location) -> Iterable[str]:
    """Return the keys allowed at a location of the configuration."""
    top_level: Models = {("run",): Run, ("statistics",): Statistics}
    if len(location) < 2:
        return top_level.get(location, Config).model_fields
    section = SECTIONS[location[0]]
    nested: Models = {("tuning",): Tuning, ("rates",): Grid}
    return nested.get(location[2:], section).model_fields
