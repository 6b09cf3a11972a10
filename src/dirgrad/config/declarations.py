"""Declarations of the figures and tables, read from their modules without importing them.

A module of `report/figures` with a function `draw` is a figure, and a module of `analysis/tables`
with a function `make` is a table. Both declare literals at their top level. The files are parsed,
so that planning imports neither pandas nor matplotlib.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import MinLen
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from dirgrad.config import messages
from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError, nearest

Model = TypeVar("Model", bound=BaseModel)
DECLARATIONS = ConfigDict(
    alias_generator=str.upper,
    extra="ignore",
    frozen=True,
    strict=True,
)
"""A module may assign other names too. A computed declaration counts as missing."""

PACKAGE = Path(__file__).parents[1]
FIGURES = PACKAGE / "report" / "figures"
TABLES = PACKAGE / "analysis" / "tables"

LANDSCAPE = "landscape"
"""A file of records that a figure may name among its tables."""
CATEGORIES = {
    "summary": "0. Summary",
    "baydin": "1. Baydin et al. 2022",
    "silver": "2. Silver et al. 2022",
    "frye": "3. Frye 2022 and other critics",
    "szoht": "4. de Vazelhes et al. 2022 (ZO-HT)",
    "beyond": "5. Work that followed",
    "instruments": "6. Instruments",
    "experiments": "7. Experiments",
    "tables": "8. Tables",
}
"""Categories of the report, by the word that a module declares; the report sorts by number.

The figures of Silver et al. 2022 answer its questions, because its own figures were not available
to us.
"""


def _refuse_unknown(name: str, noun: str, allowed: Iterable[str]) -> str:
    if name not in allowed:
        raise ValueError(f"no {noun} '{name}': {nearest(name, allowed)}")
    return name


def _record_kind(name: str) -> str:
    kinds = {record for kind in JOB_KINDS.values() for record in kind.records}
    return _refuse_unknown(name, "kind of records", kinds)


def _table(name: str) -> str:
    return _refuse_unknown(name, "table", {*table_modules(), LANDSCAPE})


def _category(name: str) -> str:
    return _refuse_unknown(name, "category", CATEGORIES)


def _subject(subject: str) -> str:
    if not re.fullmatch("[a-z]+/[a-z][a-z0-9_]*", subject):
        raise ValueError(f"expected a job as KIND/NAME, such as training/mlp, got '{subject}'")
    _refuse_unknown(subject.partition("/")[0], "kind of jobs", JOB_KINDS)
    return subject


def _one_line(text: str) -> str:
    return " ".join(text.split())


Text = Annotated[str, MinLen(1), AfterValidator(_one_line)]
Names = tuple[str, ...]
Experiments = Literal["experiment", "two-parameter experiment", "tuned experiment"]
"""Kinds of experiments that may have figures of their own."""


class TableModule(BaseModel):
    """Declarations of a table; a module writes their names in capitals."""

    model_config = DECLARATIONS

    records: Annotated[tuple[Annotated[str, AfterValidator(_record_kind)], ...], MinLen(1)]
    """Kinds of records that the table is made from."""
    subjects: tuple[Annotated[str, AfterValidator(_subject)], ...] = ()
    """Jobs without which the table is not made, as `kind/name`."""
    readable: bool
    """Whether people read it, as CSV, HTML and LaTeX. A table with the points of figures has
    thousands of rows and is only a CSV file."""
    caption: Text
    """Caption in the report."""


class FigureModule(BaseModel):
    """Declarations of a module that draws figures; a module writes their names in capitals."""

    model_config = DECLARATIONS

    tables: Annotated[tuple[Annotated[str, AfterValidator(_table)], ...], MinLen(1)]
    """Tables that the figures need; `landscape` is a file of records."""
    figures: dict[str, tuple[Annotated[str, AfterValidator(_subject)], ...]] = Field(default={})
    """Figures by file name, each with the jobs that it shows, as `kind/name`; none for all."""
    with_experiments: bool = False
    """Whether the experiments with the names of its jobs' problems belong to a figure too."""
    each: Experiments | None = None
    """Kind of experiment that has a figure each, named after the module and the experiment."""
    any: Experiments | None = None
    """Kind of experiment without which no figure is drawn."""
    one_framework: bool = False
    """Whether its figures show one framework, JAX if their tables have it. The report then has no
    copies for each framework."""
    sweep: bool = False
    """Whether the jobs of its figures are points of a sweep. Figures of a single point, which other
    modules draw with `each`, are not in the report; `dirgrad figure` draws them by name."""
    category: Annotated[str, AfterValidator(_category)]
    """Key of its category in the report, see `CATEGORIES`."""
    title: Text
    """Title."""
    caption: Text
    """Caption in the report."""
    alt: Text
    """Description for readers who cannot see the figure."""

    @model_validator(mode="after")
    def _draws_something(self) -> "FigureModule":
        if bool(self.figures) == bool(self.each):
            raise ValueError("declare either FIGURES or EACH, as a literal")
        return self


@cache
def table_modules(folder: Path = TABLES) -> dict[str, TableModule]:
    """Return the tables of a folder by name.

    Raises:
        UserError: If a declaration is missing or wrong.
    """
    return dict(_declared(TableModule, folder, "make"))


@cache
def figure_modules(folder: Path = FIGURES) -> dict[str, FigureModule]:
    """Return the modules of a folder that draw figures, by name.

    Raises:
        UserError: If a declaration is missing or wrong, or if two modules draw one figure.
    """
    modules = dict(_declared(FigureModule, folder, "draw"))
    drawn_by: dict[str, str] = {}
    for module, declared in modules.items():
        for figure in declared.figures:
            if figure in drawn_by:
                problem = f"{drawn_by[figure]}.py draws '{figure}' too: rename one of them"
                raise UserError(f"{folder.name}/{module}.py: FIGURES: {problem}")
            drawn_by[figure] = module
    return modules


def _declared(model: type[Model], folder: Path, function: str) -> Iterator[tuple[str, Model]]:
    """Yield the modules of a folder that define a function, with their validated declarations."""
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body):
            declared = literals(tree)
            try:
                yield path.stem, model.model_validate(declared)
            except ValidationError as error:
                layers = {f"{folder.name}/{path.name}": declared}
                text = messages.format_errors(error.errors(), layers, lambda _: ())
                raise UserError(text) from None


def literals(tree: ast.Module) -> dict[str, Any]:
    """Return the literals that a module assigns to names at its top level."""
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                values[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return values
