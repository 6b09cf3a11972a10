"""The files of this package that a job depends on: whose change makes what it leaves behind out of date, and no others."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.dataclasses import is_pydantic_dataclass

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.config.outputs import TABLES, FigureSpec
from dirgrad.config.plan import Cell, Measurement, problem, two_parameter_experiments
from dirgrad.core.recurrent import OnlineEstimator
from dirgrad.core.types import Estimator, Problem

ROOT = Path(__file__).parents[1]


def for_landscape(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of this package whose change makes the landscapes out of date."""
    problems = {
        type(problem(raw, experiment)).__module__ for experiment in two_parameter_experiments(raw)
    }
    return closure("dirgrad.runs.instruments.landscape", *problems, *_framework(raw["backends"][0]))


def _framework(backend: str) -> tuple[str, ...]:
    return tuple(f"dirgrad.backends.{backend}.{part}" for part in ("ops", "engine"))


def for_cell(cell: Cell) -> tuple[str, ...]:
    """The files of this package whose change makes a cell's records out of date, and no others."""
    return closure(
        "dirgrad.runs.training.train",
        *_modules(cell.training.optimizer),
        *_subjects([cell.training.problem], cell.estimators.values()),
        *_framework(cell.backend),
    )


def for_measurement(made: Measurement) -> tuple[str, ...]:
    """The files of this package whose change makes a measurement out of date, and no others."""
    subjects = _subjects(made.settings.problems.values(), made.estimators.values())
    rule = _modules(getattr(made.settings, "optimizer", Sgd()))
    return closure(
        f"dirgrad.runs.instruments.{made.instrument}", *subjects, *rule, *_framework(made.backend)
    )


def for_figure(drawing: FigureSpec) -> tuple[str, ...]:
    """The files of this package whose change makes a figure out of date."""
    made = [
        f"dirgrad.analysis.tables.{table}"
        for table in drawing.tables
        if drawing.own_records_only and table in TABLES
    ]
    return closure(f"dirgrad.report.figures.{drawing.module}", *made)


def _subjects(
    problems: Iterable[Problem], estimators: Iterable[Estimator | OnlineEstimator]
) -> tuple[str, ...]:
    return tuple(module for part in (*problems, *estimators) for module in _modules(part))


def _modules(part: Any) -> Iterator[str]:
    """The modules of a component and of those that are its options."""
    yield type(part).__module__
    for field in fields(part):
        if is_pydantic_dataclass(type(value := getattr(part, field.name))):
            yield from _modules(value)


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
    return next(
        (path for path in (inside.with_suffix(".py"), inside / "__init__.py") if path.is_file()),
        None,
    )


@cache
def imported(module: str) -> tuple[str, ...]:
    """The modules of this package that a module's text imports."""
    path = _file(module)
    return (
        tuple(dict.fromkeys(_imports(ast.parse(path.read_text(encoding="utf-8"))))) if path else ()
    )


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith(ROOT.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOT.name):
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if _file(inner) else str(node.module)
