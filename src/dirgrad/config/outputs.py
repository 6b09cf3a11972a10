"""Tables and figures that are made from the records of a configuration."""

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dirgrad.config import declarations
from dirgrad.config.declarations import CATEGORIES, LANDSCAPE, FigureModule
from dirgrad.config.plan import jobs, record_paths, two_parameter_problems
from dirgrad.config.settings import JOB_KINDS, Config

TABLES = declarations.table_modules()
"""Declarations of all tables that are made from records."""
VERDICTS = ("claims", "evidence")
"""Tables made from the other tables: a row per claim, and a row per claim and its facets."""
CLAIMS_CAPTION = (
    "Claims of the papers and of their critics, the measured values and the verdicts. The table is "
    "made only from the other tables."
)
FRONT_PAGE = (
    "matrix",
    "headline",
    "paper_beside_ours",
    "fair",
    "cost",
    "frye_noise",
    "silver_learning",
    "steps_by_size",
)
"""Figures of the front page, in order; those that a configuration lacks are left out."""
MAX_FIGURES = 25
"""Largest number of figures that one job draws.

To find the job that makes a file, Snakemake compares the file with the outputs of the job one by
one, so its time would be quadratic in the number of experiments if one job drew them all.
"""


def tables(config: Config) -> tuple[str, ...]:
    """Return the names of the tables for which a configuration has records."""
    paths = record_paths(config)
    defined = _defined_subjects(config)
    return tuple(
        name
        for name, table in TABLES.items()
        if paths[table.records[0]] and defined.issuperset(table.subjects)
    )


def tables_by_format() -> dict[str, tuple[str, ...]]:
    """Return the tables to read under `table`, and the tables for plots under `series`."""
    readable = tuple(name for name, table in TABLES.items() if table.readable)
    return {"table": readable, "series": tuple(name for name in TABLES if name not in readable)}


class FigureSpec(NamedTuple):
    """A figure of a configuration.

    Attributes:
        module: Name of the module of `dirgrad.report.figures` that draws it.
        declared: Declarations of the module.
        subjects: Jobs that it shows, as `kind/name`; empty for all.
        own_records_only: Whether it needs only the records of its subjects.
        in_report: Whether the workflow draws it. A figure of one point of a sweep is only drawn
            by `dirgrad figure`.
    """

    module: str
    declared: FigureModule
    subjects: tuple[str, ...]
    own_records_only: bool
    in_report: bool = True

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables that it is drawn from; `landscape` is a file of records."""
        return self.declared.tables

    @property
    def category(self) -> str:
        """Return its category in the report."""
        return CATEGORIES[self.declared.category]


def figure_specs(config: Config, folder: Path = declarations.FIGURES) -> dict[str, FigureSpec]:
    """Return the figures of a configuration by file name.

    A figure is left out if the configuration leaves out one of its subjects, or has no records for
    one of its tables.

    Args:
        config: The configuration.
        folder: Folder with the modules that draw figures.
    """
    by_kind = _experiments_by_kind(config)
    defined = _defined_subjects(config)
    specs = {
        name: spec._replace(subjects=(*spec.subjects, *_experiments_of(config, spec)))
        for module, declared in declarations.figure_modules(folder).items()
        for name, spec in _specs(module, declared, by_kind)
        if defined.issuperset(spec.subjects) and _has_records(config, spec)
    }
    sweeps = (spec for spec in specs.values() if spec.declared.sweep)
    points = {subject for spec in sweeps for subject in spec.subjects}
    return {
        name: spec._replace(in_report=not (spec.declared.each and points.issuperset(spec.subjects)))
        for name, spec in specs.items()
    }


def report_figures(config: Config) -> dict[str, FigureSpec]:
    """Return the figures that the workflow draws for the report, by file name."""
    return {name: spec for name, spec in figure_specs(config).items() if spec.in_report}


def _defined_subjects(config: Config) -> set[str]:
    """Return the jobs of a configuration as `kind/name`."""
    return {
        f"{kind}/{name}"
        for kind, (section, *_) in JOB_KINDS.items()
        for name in getattr(config, section)
    }


def _experiments_of(config: Config, spec: FigureSpec) -> tuple[str, ...]:
    """Return the experiments with the names of the problems that a figure's jobs measure.

    Only a figure that declares `with_experiments` has some. A problem without an experiment is left
    out.
    """
    if not spec.declared.with_experiments:
        return ()
    problems: dict[str, None] = {}
    for subject in spec.subjects:
        kind, _, name = subject.partition("/")
        problems |= dict.fromkeys(getattr(config, JOB_KINDS[kind].section)[name].problems)
    return tuple(f"training/{name}" for name in problems if name in config.experiments)


def _experiments_by_kind(config: Config) -> dict[str | None, tuple[str, ...]]:
    """Return the experiments that run in a framework, by the kinds that figures declare."""
    subjects = {job.subject for job in jobs(config).values()}
    trained = tuple(name for name in config.experiments if f"training/{name}" in subjects)
    two_parameter = two_parameter_problems(config)
    return {
        "experiment": trained,
        "two-parameter experiment": tuple(name for name in trained if name in two_parameter),
        "tuned experiment": tuple(name for name in trained if config.experiments[name].tuning),
    }


def _specs(
    module: str, declared: FigureModule, by_kind: Mapping[str | None, tuple[str, ...]]
) -> Iterator[tuple[str, FigureSpec]]:
    """Yield the figures that a module declares, by file name."""
    for name in by_kind.get(declared.each, ()):
        yield f"{module}_{name}", FigureSpec(module, declared, (f"training/{name}",), False)
    if declared.any is None or by_kind[declared.any]:
        for name, subjects in declared.figures.items():
            yield name, FigureSpec(module, declared, subjects, own_records_only=bool(subjects))


def _has_records(config: Config, spec: FigureSpec) -> bool:
    return all(table_records(config, spec, table) for table in spec.tables)


def table_records(config: Config, spec: FigureSpec, table: str) -> tuple[str, ...]:
    """Return the record files of one table of a figure, relative to the records directory."""
    if table == LANDSCAPE:
        return (f"{LANDSCAPE}.parquet",)
    paths = record_paths(config, spec.subjects or None)
    return tuple(path for kind in TABLES[table].records for path in paths[kind])


def figure_records(config: Config, spec: FigureSpec) -> tuple[str, ...]:
    """Return the record files whose content a figure shows, relative to the records directory."""
    paths = (path for table in spec.tables for path in table_records(config, spec, table))
    return tuple(dict.fromkeys(paths))


def front_page_figures(specs: Container[str]) -> tuple[str, ...]:
    """Return the names of the figures on the front page, out of the figures of a report."""
    return tuple(name for name in FRONT_PAGE if name in specs)


def frameworks(config: Config, spec: FigureSpec) -> tuple[str, ...]:
    """Return the frameworks of a figure that compares several; empty if it shows only one.

    Such a figure is also drawn for each framework separately.
    """
    if spec.declared.one_framework:
        return ()
    shown = {path.split("/")[-2] for path in figure_records(config, spec) if "/" in path}
    ordered = tuple(name for name in config.backends if name in shown)
    return ordered if len(ordered) > 1 else ()


def drawing_jobs(specs: Mapping[str, FigureSpec]) -> dict[str, list[str]]:
    """Group figures into jobs: figure names by the name of their job.

    A figure that needs only the records of its subjects has its own job. All other figures of one
    module share jobs of up to MAX_FIGURES. The first job of a module has the module's name, and
    further ones have a number.
    """
    names: dict[str, list[str]] = {}
    by_module: dict[str, list[str]] = {}
    for name, spec in specs.items():
        if spec.own_records_only:
            names[name] = [name]
        else:
            by_module.setdefault(spec.module, []).append(name)
    for module, figures in by_module.items():
        for start in range(0, len(figures), MAX_FIGURES):
            number = start // MAX_FIGURES + 1
            job = module if number == 1 else f"{module}_{number}"
            names[job] = figures[start : start + MAX_FIGURES]
    return names
