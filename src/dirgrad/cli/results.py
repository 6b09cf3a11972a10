"""Commands that turn records into tables, figures and the manifest."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dirgrad.config import outputs, plan, validation
from dirgrad.config.declarations import LANDSCAPE
from dirgrad.config.settings import Config
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import damage, files

if TYPE_CHECKING:
    import pandas as pd


def table(args: argparse.Namespace) -> None:
    """Make one table from the records of all jobs; OUT is a CSV file.

    Tables to read are also written next to it as HTML and LaTeX.
    """
    if args.table not in outputs.TABLES:
        hint = nearest(args.table, outputs.TABLES)
        raise UserError(f"unknown table '{args.table}': {hint}")
    from dirgrad.records import origin
    from dirgrad.report.pages.table import write

    config = validation.load(args.config, args.override)
    files.write_table(_make_table(config, args.table, args.records), args.out)
    if outputs.TABLES[args.table].readable:
        by_kind = plan.record_paths(config)
        paths = [path for kind in outputs.TABLES[args.table].records for path in by_kind[kind]]
        source = origin.from_records(args.records, paths, _statistics(config))
        write(args.out, origin.to_line(source))


def manifest(args: argparse.Namespace) -> None:
    """Write the manifest: versions, machine, commit, and the status of every trial."""
    from dirgrad.report import manifest

    config = validation.load(args.config, args.override)
    manifest.write(manifest.make(config, args.records), args.out)


def _make_table(
    config: Config, name: str, root: Path, subjects: Sequence[str] | None = None
) -> "pd.DataFrame":
    """Make a table from the records of these subjects, or of all subjects."""
    from dirgrad.records.schemas import SCHEMAS

    paths = plan.record_paths(config, subjects)
    records = {}
    for kind in outputs.TABLES[name].records:
        rows = files.read_records((root / path for path in paths[kind]), SCHEMAS[kind])
        records[kind] = rows.to_pandas()
    module = import_module(f"dirgrad.analysis.tables.{name}")
    result: pd.DataFrame = module.make(records, config.statistics)
    return result


def _statistics(config: Config) -> dict[str, Any]:
    return config.statistics.model_dump()


def figure(args: argparse.Namespace) -> None:
    """Draw figures as OUT/NAME.svg, .png and .pdf, from tables or from records.

    A figure that compares frameworks is also drawn for each of them, as OUT/NAME.FRAMEWORK.png.
    """
    config = validation.load(args.config, args.override)
    specs = outputs.figure_specs(config)
    for name in args.figures:
        if name not in specs:
            hint = nearest(name, specs)
            raise UserError(f"no figure '{name}' in this configuration: {hint}")
    from dirgrad.analysis.complete_tables import read_complete_table
    from dirgrad.report.figures import style

    csv_tables = {path.stem: read_complete_table(path) for path in args.tables}
    with style.figure_style(_statistics(config)["confidence"]):
        for name in args.figures:
            spec = specs[name]
            tables = {
                source: _figure_table(config, spec, source, csv_tables, args.records)
                for source in spec.tables
            }
            with damage.missing_column_named(args.tables):
                _draw(config, name, spec, tables, args)


def _figure_table(
    config: Config,
    spec: outputs.FigureSpec,
    name: str,
    csv_tables: Mapping[str, "pd.DataFrame"],
    records: Path,
) -> "pd.DataFrame":
    """Return a table for a figure, from the CSV tables if possible, otherwise from records."""
    if name == LANDSCAPE:
        from dirgrad.records import training_schemas

        path, schema = records / f"{LANDSCAPE}.parquet", training_schemas.LANDSCAPE
        landscape: pd.DataFrame = files.read_records([path], schema).to_pandas()
        return landscape
    if name in csv_tables:
        return csv_tables[name]
    subjects = spec.subjects if spec.own_records_only else None
    return _make_table(config, name, records, subjects)


def _draw(
    config: Config,
    name: str,
    spec: outputs.FigureSpec,
    tables: Mapping[str, "pd.DataFrame"],
    args: argparse.Namespace,
) -> None:
    """Draw and save one figure, for all frameworks together and then for each of them."""
    from dirgrad.records import origin
    from dirgrad.report.figures import saving

    draw: Callable[..., Any] = import_module(f"dirgrad.report.figures.{spec.module}").draw
    subjects = dict.fromkeys(subject.rpartition("/")[2] for subject in spec.subjects)
    paths = outputs.figure_records(config, spec)
    source = origin.from_records(args.records, paths, _statistics(config))
    metadata = saving.Metadata(origin.to_line(source), spec.declared.title, spec.declared.alt)
    saving.save(draw(tables, *subjects), args.out / name, metadata)
    for backend in outputs.frameworks(config, spec):
        drawing = saving.one_framework(draw, tables, subjects, backend)
        stem = args.out / f"{name}.{backend}"
        saving.save(drawing, stem, metadata, saving.REPORT_FORMATS)
