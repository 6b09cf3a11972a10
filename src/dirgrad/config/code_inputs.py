"""Source files that a job depends on, in this package and in files of components outside it.

If one of these files changes, the results of the job are out of date. Snakemake cannot see what a
job imports, so the workflow gives each rule the digest of these files as a parameter.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.dataclasses import is_pydantic_dataclass

from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.config.outputs import TABLES, FigureSpec
from dirgrad.config.plan import Job, plain_settings, two_parameter_problems
from dirgrad.config.settings import JOB_KINDS, Config
from dirgrad.core.errors import UserError

if TYPE_CHECKING:
    import grimp

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "report" / "pages" / "templates"


def for_landscape(config: Config) -> tuple[str, ...]:
    """Return the source files that the landscapes of two-parameter problems depend on."""
    problems = two_parameter_problems(config).values()
    modules = {type(problem).__module__ for problem in problems}
    framework = _framework_modules(config.backends[0])
    return closure("dirgrad.runs.instruments.landscape", *sorted(modules), *framework)


def _framework_modules(backend: str) -> tuple[str, ...]:
    package = f"dirgrad.backends.{backend}"
    return f"{package}.ops", f"{package}.engine"


def for_job(job: Job) -> tuple[str, ...]:
    """Return the source files that the records of a job depend on."""
    framework = _framework_modules(job.backend)
    return closure(JOB_KINDS[job.kind].module, *sorted(_job_modules(job)), *framework)


def _job_modules(job: Job) -> set[str]:
    """Return the modules of all components of a job."""
    optimizer = getattr(job.settings, "optimizer", Sgd())
    components = (*job.problems, *job.estimators.values(), optimizer)
    return {module for component in components for module in _component_modules(component)}


def for_figure(spec: FigureSpec) -> tuple[str, ...]:
    """Return the source files that a figure depends on.

    They include the modules of its tables if the figure's own job makes them from records.
    """
    tables = [table for table in spec.tables if spec.own_records_only and table in TABLES]
    modules = [f"dirgrad.analysis.tables.{table}" for table in tables]
    return closure(f"dirgrad.report.figures.{spec.module}", *modules)


def for_table(name: str) -> tuple[str, ...]:
    """Return the source files that a table and its pages depend on."""
    return for_pages(f"dirgrad.analysis.tables.{name}", "dirgrad.records.origin")


def for_pages(*modules: str) -> tuple[str, ...]:
    """Return the source files of modules that write pages, and the templates of the pages."""
    files = closure(*modules, "dirgrad.report.pages.table")
    return (*files, *sorted(map(str, TEMPLATES.iterdir())))


def _component_modules(component: Any) -> Iterator[str]:
    """Yield the module of a component and of every component among its options."""
    yield type(component).__module__
    for field in fields(component):
        option = getattr(component, field.name)
        if is_pydantic_dataclass(type(option)):
            yield from _component_modules(option)


def digest(paths: Iterable[str]) -> str:
    """Return the SHA-256 hash of the names and contents of source files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(_named_digest(path))
    return total.hexdigest()


@cache
def _named_digest(path: str) -> bytes:
    return f"{Path(path).name} {_file_digest(path)}\n".encode()


@cache
def _file_digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def recorded_settings(job: Job) -> dict[str, Any]:
    """Return the settings of a job for its provenance.

    Files outside this package that the job depends on have an entry `components`: their SHA-256
    hashes by path.
    """
    outside = (module for module in _job_modules(job) if not _is_inside(module, ROOT.name))
    files = {path for path in map(_outside_file, _closure_outside(outside)) if path}
    digests = {_short(path): _file_digest(str(path)) for path in sorted(files)}
    return plain_settings(job) | ({"components": digests} if digests else {})


def _short(path: Path) -> str:
    """Return a path relative to the working directory if it lies there."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@cache
def closure(*modules: str) -> tuple[str, ...]:
    """Return the source files of these modules and of all they import from this package.

    A module outside this package is followed into its own package too. The files are parsed, not
    executed.

    Raises:
        UserError: A file of this package is not valid Python.
    """
    outside = _closure_outside(module for module in modules if not _is_inside(module, ROOT.name))
    imports = _import_graph()
    inside = {*modules} - outside
    for module in outside:
        inside |= imports.modules.intersection(_imported_modules(module))
    visited = inside.union(*map(imports.find_upstream_modules, inside))
    files = {str(path) for path in map(_outside_file, outside) if path}
    return tuple(sorted({*map(_file, visited), *files}))


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _closure_outside(modules: Iterable[str]) -> set[str]:
    """Return modules outside this package, with all that they import from their own packages."""
    visited: set[str] = set()
    pending = list(modules)
    while pending:
        module = pending.pop()
        if module not in visited:
            visited.add(module)
            own = module.partition(".")[0]
            pending += [name for name in _imported_modules(module) if _is_inside(name, own)]
    return visited


def _outside_file(module: str) -> Path | None:
    """Return the file of an imported module outside this package, or None if it has none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file else None


@cache
def _imported_modules(module: str) -> tuple[str, ...]:
    """Return the names that a module outside this package imports, each with its package."""
    path = _outside_file(module)
    if path is None:
        return ()
    is_package = path.name == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    names: dict[str, None] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = resolve_name(relative, package) if node.level else relative
            # A name that is imported from a package may be a module.
            names |= dict.fromkeys([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return tuple(names)


@cache
def _import_graph() -> "grimp.ImportGraph":
    # Only the workflow asks which files a job depends on; a job runs without grimp.
    import grimp

    try:
        # Without a cache folder, grimp writes nothing, so the checkout can be read-only.
        return grimp.build_graph(ROOT.name, cache_dir=None)
    except grimp.exceptions.SourceSyntaxError as error:
        place = f"{error.filename}, line {error.lineno}"
        raise UserError(f"{place}: this line is not valid Python: {error.text}") from None


@cache
def _file(module: str) -> str:
    path = ROOT.parent.joinpath(*module.split("."))
    return str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))
