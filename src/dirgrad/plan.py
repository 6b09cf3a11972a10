"""From the configuration to cells: one job each, with all it needs to know and the sources that it depends on."""

import ast
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from dirgrad import catalogue
from dirgrad.catalogue import STRICT, reference
from dirgrad.config import Name, Run, Training
from dirgrad.errors import UserError, nearest
from dirgrad.types import Estimator, Problem

ROOT = Path(__file__).parent


class Cell(BaseModel):
    """One job: every seed, learning rate and estimator of one experiment in one framework."""

    model_config = STRICT

    tier: Name
    experiment: Name
    backend: Literal["jax", "torch"]
    estimators: dict[Name, Annotated[Estimator, reference("estimators")]]
    training: Training
    run: Run


def experiments(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The experiments that are not left out."""
    return tuple(name for name, experiment in raw["experiments"].items() if experiment is not None)


def cells(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a validated configuration, as `experiment/backend`."""
    return tuple(f"{experiment}/{backend}" for experiment in experiments(raw) for backend in raw["backends"])


def settings(raw: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What one cell needs to know, as plain data: its own part of the configuration and no other.

    Raises UserError where there is no such cell.
    """
    if path not in cells(raw):
        raise UserError(f"no cell '{path}': {nearest(path, cells(raw))}")
    experiment, backend = path.split("/")
    training = dict(raw["experiments"][experiment])
    chosen = training.pop("estimators")
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
    return Cell.model_validate_json(json.dumps(settings(raw, path)))


def download(raw: Mapping[str, Any], experiment: str) -> str | None:
    """The data set of an experiment, if it is not embedded."""
    dataset = problem(raw, experiment).dataset
    return catalogue.kind(dataset) if dataset is not None and dataset.files else None


def pictured(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The experiments on problems of two parameters, whose trajectories can be drawn."""
    return tuple(name for name in experiments(raw) if problem(raw, name).window is not None)


def problem(raw: Mapping[str, Any], experiment: str) -> Problem:
    """The problem of an experiment."""
    found: Problem = catalogue.build("problems", raw["experiments"][experiment]["problem"])
    return found


def landscape_sources(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of this package whose change makes the landscapes out of date."""
    problems = {type(problem(raw, experiment)).__module__ for experiment in pictured(raw)}
    return closure("dirgrad.runs.landscape", *problems, *_framework(raw["backends"][0]))


def _framework(backend: str) -> tuple[str, ...]:
    return tuple(f"dirgrad.backends.{backend}.{part}" for part in ("ops", "engine"))


def sources(cell: Cell) -> tuple[str, ...]:
    """The files of this package whose change makes a cell's records out of date, and no others."""
    parts: list[Any] = [cell.training.problem, cell.training.problem.dataset, cell.training.optimizer]
    parts += [part for estimator in cell.estimators.values() for part in (estimator, estimator.direction)]
    modules = [type(part).__module__ for part in parts if part is not None]
    return closure("dirgrad.runs.train", *modules, *_framework(cell.backend))


@cache
def closure(*modules: str) -> tuple[str, ...]:
    """The files of these modules and of all in this package that they import, by their text: nothing is executed."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imported(module)
    return tuple(sorted(str(_file(module)) for module in found))


@cache
def _file(module: str) -> Path | None:
    """The file of a module of this package, None if there is no such module. Looked for by its name: asking the import
    system would import the packages above it, frameworks and all."""
    inside = ROOT.parent.joinpath(*module.split("."))
    return next((path for path in (inside.with_suffix(".py"), inside / "__init__.py") if path.is_file()), None)


@cache
def imported(module: str) -> tuple[str, ...]:
    """The modules of this package that a module's text imports."""
    path = _file(module)
    return tuple(dict.fromkeys(_imports(ast.parse(path.read_text(encoding="utf-8"))))) if path else ()


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith(ROOT.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOT.name):
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if _file(inner) else str(node.module)
