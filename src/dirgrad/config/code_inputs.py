"""Source files of this package that a job depends on.

If one of these files changes, the results of the job are out of date. Snakemake cannot see what a
job imports, so the workflow declares these files as inputs.
"""

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
    """Return the source files that the landscapes of two-parameter problems depend on."""
    names = two_parameter_experiments(raw)
    problems = {type(problem(raw, name)).__module__ for name in names}
    framework = _framework_modules(raw["backends"][0])
    return closure("dirgrad.runs.instruments.landscape", *problems, *framework)


def _framework_modules(backend: str) -> tuple[str, ...]:
    package = f"dirgrad.backends.{backend}"
    return f"{package}.ops", f"{package}.engine"


def for_cell(cell: Cell) -> tuple[str, ...]:
    """Return the source files that the records of a cell depend on."""
    return closure(
        "dirgrad.runs.training.train",
        *_component_modules(cell.training.optimizer),
        *_workload_modules([cell.training.problem], cell.estimators.values()),
        *_framework_modules(cell.backend),
    )


def for_measurement(measurement: Measurement) -> tuple[str, ...]:
    """Return the source files that the records of a measurement depend on."""
    settings = measurement.settings
    optimizer = getattr(settings, "optimizer", Sgd())
    return closure(
        f"dirgrad.runs.instruments.{measurement.instrument}",
        *_workload_modules(settings.problems.values(), measurement.estimators.values()),
        *_component_modules(optimizer),
        *_framework_modules(measurement.backend),
    )


def for_figure(spec: FigureSpec) -> tuple[str, ...]:
    """Return the source files that a figure depends on.

    They include the modules of its tables if the figure's own job makes them from records.
    """
    tables = [table for table in spec.tables if spec.own_records_only and table in TABLES]
    modules = [f"dirgrad.analysis.tables.{table}" for table in tables]
    return closure(f"dirgrad.report.figures.{spec.module}", *modules)


def _workload_modules(
    problems: Iterable[Problem], estimators: Iterable[Estimator | OnlineEstimator]
) -> Iterator[str]:
    for component in (*problems, *estimators):
        yield from _component_modules(component)


def _component_modules(component: Any) -> Iterator[str]:
    """Yield the module of a component and of every component among its options."""
    yield type(component).__module__
    for field in fields(component):
        option = getattr(component, field.name)
        if is_pydantic_dataclass(type(option)):
            yield from _component_modules(option)


@cache
def closure(*modules: str) -> tuple[str, ...]:
    """Return the source files of these modules and of all they import from this package.

    The files are parsed, not executed.
    """
    visited: set[str] = set()
    pending = list(modules)
    while pending:
        module = pending.pop()
        if module not in visited:
            visited.add(module)
            pending += imported_modules(module)
    return tuple(sorted(str(_file(module)) for module in visited))


@cache
def _file(module: str) -> Path | None:
    """Return the file of a module of this package, or None if it does not exist."""
    # importlib.util.find_spec would import the parent packages, including JAX and PyTorch.
    base = ROOT.parent.joinpath(*module.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def imported_modules(module: str) -> tuple[str, ...]:
    """Return the modules of this package that a module imports, without duplicates."""
    path = _file(module)
    if path is None:
        return ()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(_imports(tree)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from (name for name in names if name.startswith(ROOT.name))
        elif isinstance(node, ast.ImportFrom):
            package = node.module or ""
            if package.startswith(ROOT.name):
                submodules = [f"{package}.{alias.name}" for alias in node.names]
                yield from (name if _file(name) else package for name in submodules)
