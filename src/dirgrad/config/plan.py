"""Jobs of a configuration: its cells and measurements, with their settings and record files."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel

from dirgrad.components import registry
from dirgrad.components.registry import STRICT, component_field
from dirgrad.config import settings
from dirgrad.config.settings import Name, Run, Training
from dirgrad.core.errors import UserError, nearest
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator, Problem

RECORD_KINDS: dict[str, tuple[str, ...]] = {
    "cost": ("cost",),
    "memory": ("memory", "resident"),
    "quality": ("draws", "coordinates"),
    "stability": ("stability",),
}
"""Instruments, with the kinds of records each writes; experiments write trials and curves."""


class Cell(BaseModel):
    """One experiment in one framework, with all its estimators, learning rates and seeds."""

    model_config = STRICT

    tier: Name
    experiment: Name
    backend: Literal["jax", "torch"]
    estimators: dict[Name, Annotated[Estimator | OnlineEstimator, component_field("estimators")]]
    training: Training
    run: Run


def experiments(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the experiments that are not null."""
    return tuple(name for name, experiment in raw["experiments"].items() if experiment is not None)


def cells(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of a validated configuration, as `experiment/backend`."""
    return tuple(
        f"{name}/{backend}"
        for name in experiments(raw)
        for backend in _backends(raw, raw["experiments"][name])
    )


def _backends(raw: Mapping[str, Any], section: Mapping[str, Any]) -> list[str]:
    selected = section.get("backends") or raw["backends"]
    return [backend for backend in raw["backends"] if backend in selected]


def cell_settings(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the settings of one cell as plain data, without any other part of the configuration.

    Raises:
        UserError: If the cell does not exist.
    """
    if path not in cells(raw):
        raise UserError(f"no cell '{path}': {nearest(path, cells(raw))}")
    experiment, backend = path.split("/")
    training = dict(raw["experiments"][experiment])
    estimators = training.pop("estimators")
    training.pop("backends", None)
    return {
        "tier": raw["tier"],
        "experiment": experiment,
        "backend": backend,
        "estimators": {name: raw["estimators"][name] for name in estimators},
        "training": training,
        "run": raw.get("run", {}),
    }


def cell(raw: Mapping[str, Any], path: str) -> Cell:
    """Return one cell with validated settings.

    Raises:
        UserError: If the cell does not exist.
    """
    return Cell.model_validate_json(json.dumps(cell_settings(raw, path)))


class Measurement(NamedTuple):
    """One instrument applied to its problems in one framework.

    Attributes:
        tier: Name of the configuration.
        instrument: `cost`, `memory`, `quality` or `stability`.
        name: Name of the measurement in the instrument's section.
        backend: Framework.
        estimators: Estimators by name.
        settings: The section of the configuration: Cost, Memory, Quality or Stability.
        run: Settings of the job.
    """

    tier: str
    instrument: str
    name: str
    backend: Literal["jax", "torch"]
    estimators: dict[str, Estimator | OnlineEstimator]
    settings: Any
    run: Run


def measurements(raw: Mapping[str, Any], instrument: str) -> tuple[str, ...]:
    """Return the measurements of one instrument, as `instrument/name/backend`."""
    sections = raw.get(instrument, {})
    return tuple(
        f"{instrument}/{name}/{backend}"
        for name, section in sections.items()
        if section is not None
        for backend in _backends(raw, section)
    )


def all_measurements(raw: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every measurement with the kinds of records it writes."""
    for instrument, kinds in RECORD_KINDS.items():
        for path in measurements(raw, instrument):
            yield path, kinds


def measurement_settings(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the settings of one measurement as plain data.

    Raises:
        UserError: If the measurement does not exist.
    """
    paths = [name for name, _ in all_measurements(raw)]
    if path not in paths:
        raise UserError(f"no measurement '{path}': {nearest(path, paths)}")
    instrument, name, backend = path.split("/")
    section = dict(raw[instrument][name])
    return {
        "tier": raw["tier"],
        "instrument": instrument,
        "name": name,
        "backend": backend,
        "estimators": {
            estimator: raw["estimators"][estimator] for estimator in section["estimators"]
        },
        "settings": section,
        "run": raw.get("run", {}),
    }


def measurement(raw: Mapping[str, Any], path: str) -> Measurement:
    """Return one measurement with validated settings.

    Raises:
        UserError: If the measurement does not exist.
    """
    plain = measurement_settings(raw, path)
    section = plain["settings"]
    estimators = {
        name: registry.parse("estimators", spec) for name, spec in plain["estimators"].items()
    }
    instrument = settings.INSTRUMENTS[plain["instrument"]]
    validated = {
        "estimators": estimators,
        "settings": instrument.model_validate_json(json.dumps(section)),
        "run": Run.model_validate(plain["run"] | _run_overrides(section)),
    }
    return Measurement(**plain | validated)


def _run_overrides(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run settings that an instrument overrides."""
    return {"precision": section["precision"]} if section.get("precision") else {}


def record_paths(
    raw: Mapping[str, Any], subjects: Container[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return the record files, relative to the records directory, by kind of record.

    Args:
        raw: The configuration.
        subjects: Experiments, or measurements as `instrument/name`, to include; None means all.
    """
    jobs = {kind: cells(raw) for kind in ("trials", "curves")}
    for instrument, kinds in RECORD_KINDS.items():
        for kind in kinds:
            jobs[kind] = measurements(raw, instrument)

    def included(job: str) -> bool:
        return subjects is None or job.rpartition("/")[0] in subjects

    return {
        kind: tuple(f"{job}/{kind}.parquet" for job in paths if included(job))
        for kind, paths in jobs.items()
    }


def datasets_to_download(problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return the sorted names of the data sets of these problems that are not bundled."""
    datasets = [problem.dataset for problem in problems]
    names = {
        registry.kind(dataset) for dataset in datasets if dataset is not None and dataset.files
    }
    return tuple(sorted(names))


def two_parameter_experiments(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the experiments on two-parameter problems, whose trajectories can be plotted."""
    return tuple(name for name in experiments(raw) if problem(raw, name).plot_range is not None)


def problem(raw: Mapping[str, Any], experiment: str) -> Problem:
    """Return the problem of an experiment."""
    spec = raw["experiments"][experiment]["problem"]
    parsed: Problem = registry.parse("problems", spec)
    return parsed
