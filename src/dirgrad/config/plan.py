"""From the configuration to jobs, cells and measurements, with all that each needs to know and leaves behind."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel

from dirgrad.components import registry
from dirgrad.components.registry import STRICT, component_field
from dirgrad.config import settings as options
from dirgrad.config.settings import Name, Run, Training
from dirgrad.core.errors import UserError, nearest
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator, Problem

INSTRUMENTS: dict[str, tuple[str, ...]] = {
    "cost": ("cost",),
    "memory": ("memory", "resident"),
    "quality": ("draws", "coordinates"),
    "stability": ("stability",),
}
"""Every instrument, and the kinds of records that it leaves behind; trials and curves are of experiments."""


class Cell(BaseModel):
    """One job: every seed, learning rate and estimator of one experiment in one framework."""

    model_config = STRICT

    tier: Name
    experiment: Name
    backend: Literal["jax", "torch"]
    estimators: dict[Name, Annotated[Estimator | OnlineEstimator, component_field("estimators")]]
    training: Training
    run: Run


def experiments(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The experiments that are not left out."""
    return tuple(name for name, experiment in raw["experiments"].items() if experiment is not None)


def cells(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a validated configuration, as `experiment/backend`."""
    return tuple(
        f"{name}/{backend}"
        for name in experiments(raw)
        for backend in _backends(raw, raw["experiments"][name])
    )


def _backends(raw: Mapping[str, Any], of: Mapping[str, Any]) -> list[str]:
    chosen = of.get("backends") or raw["backends"]
    return [backend for backend in raw["backends"] if backend in chosen]


def cell_settings(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What one cell needs to know, as plain data: its own part of the configuration and no other.

    Raises UserError where there is no such cell.
    """
    if path not in cells(raw):
        raise UserError(f"no cell '{path}': {nearest(path, cells(raw))}")
    experiment, backend = path.split("/")
    training = dict(raw["experiments"][experiment])
    chosen = training.pop("estimators")
    training.pop("backends", None)
    return {
        "tier": raw["tier"],
        "experiment": experiment,
        "backend": backend,
        "estimators": {name: raw["estimators"][name] for name in chosen},
        "training": training,
        "run": raw.get("run", {}),
    }


def cell(raw: Mapping[str, Any], path: str) -> Cell:
    """One cell, typed. Raises UserError where there is no such cell."""
    return Cell.model_validate_json(json.dumps(cell_settings(raw, path)))


class Measurement(NamedTuple):
    """One job: one instrument on its problems, in one framework. settings: Cost, Memory, Quality or Stability."""

    tier: str
    instrument: str
    name: str
    backend: Literal["jax", "torch"]
    estimators: dict[str, Estimator | OnlineEstimator]
    settings: Any
    run: Run


def measurements(raw: Mapping[str, Any], instrument: str) -> tuple[str, ...]:
    """The measurements of one instrument, as `instrument/name/backend`."""
    found = {
        name: measured for name, measured in raw.get(instrument, {}).items() if measured is not None
    }
    return tuple(
        f"{instrument}/{name}/{backend}"
        for name, measured in found.items()
        for backend in _backends(raw, measured)
    )


def all_measurements(raw: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every measurement, and the kinds of records that it leaves behind."""
    for instrument, kinds in INSTRUMENTS.items():
        yield from ((one, kinds) for one in measurements(raw, instrument))


def measurement_settings(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What one measurement needs to know, as plain data. Raises UserError where there is no such measurement."""
    known = [one for one, _ in all_measurements(raw)]
    if path not in known:
        raise UserError(f"no measurement '{path}': {nearest(path, known)}")
    instrument, name, backend = path.split("/")
    settings = dict(raw[instrument][name])
    return {
        "tier": raw["tier"],
        "instrument": instrument,
        "name": name,
        "backend": backend,
        "estimators": {name: raw["estimators"][name] for name in settings["estimators"]},
        "settings": settings,
        "run": raw.get("run", {}),
    }


def measurement(raw: Mapping[str, Any], path: str) -> Measurement:
    """One measurement, typed. Raises UserError where there is no such measurement."""
    facts = measurement_settings(raw, path)
    return Measurement(
        **facts
        | {
            "estimators": {
                name: registry.parse("estimators", spec)
                for name, spec in facts["estimators"].items()
            },
            "settings": options.INSTRUMENTS[facts["instrument"]].model_validate_json(
                json.dumps(facts["settings"])
            ),
            "run": Run.model_validate(facts["run"] | _own(facts["settings"])),
        }
    )


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What an instrument asks for instead of what the run is told."""
    return {"precision": settings["precision"]} if settings.get("precision") else {}


def record_paths(
    raw: Mapping[str, Any], subjects: Container[str] | None = None
) -> dict[str, tuple[str, ...]]:
    """The files below the directory of records, by their kind; of these subjects alone (experiments, or measurements as
    `instrument/name`) if they are given."""
    made = {kind: cells(raw) for kind in ("trials", "curves")}
    made |= {
        kind: measurements(raw, instrument)
        for instrument, kinds in INSTRUMENTS.items()
        for kind in kinds
    }
    return {
        kind: tuple(
            f"{one}/{kind}.parquet"
            for one in all_of
            if subjects is None or one.rpartition("/")[0] in subjects
        )
        for kind, all_of in made.items()
    }


def datasets_to_download(problems: Iterable[Problem]) -> tuple[str, ...]:
    """The data sets of these problems that are not embedded."""
    found = (problem.dataset for problem in problems)
    return tuple(
        sorted(
            {registry.kind(dataset) for dataset in found if dataset is not None and dataset.files}
        )
    )


def two_parameter_experiments(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The experiments on problems of two parameters, whose trajectories can be drawn."""
    return tuple(name for name in experiments(raw) if problem(raw, name).plot_range is not None)


def problem(raw: Mapping[str, Any], experiment: str) -> Problem:
    """The problem of an experiment."""
    found: Problem = registry.parse("problems", raw["experiments"][experiment]["problem"])
    return found
