"""The commands that turn records into tables, figures and the manifest."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from dirgrad.config import outputs, plan, validation
from dirgrad.core.errors import UserError, nearest
from dirgrad.records import files


def table(options: argparse.Namespace) -> None:
    """Make a table from the records of all cells: OUT is the CSV file; what is read as a table is HTML and LaTeX too."""
    if options.table not in outputs.TABLES:
        raise UserError(
            f"unknown table '{options.table}': {nearest(options.table, outputs.TABLES)}"
        )
    from dirgrad.records import origin
    from dirgrad.report.pages import table as pages

    raw = validation.load(options.config, options.override)
    table = _made(raw, options.table, options.records)
    files.write_table(table, options.out)
    if options.table not in outputs.CSV_ONLY:
        found = plan.record_paths(raw)
        paths = [path for kind in outputs.TABLES[options.table] for path in found[kind]]
        pages.write(
            options.out, origin.line(origin.from_records(options.records, paths, _statistics(raw)))
        )


def manifest(options: argparse.Namespace) -> None:
    """Write what the results rest on: versions, machine, commit, and the fate of every trial."""
    from dirgrad.report import manifest

    raw = validation.load(options.config, options.override)
    cells = {cell: options.records / cell / "trials.parquet" for cell in plan.cells(raw)}
    measured = {
        one: options.records / one / f"{kinds[0]}.parquet"
        for one, kinds in plan.all_measurements(raw)
    }
    manifest.write(manifest.make(raw, cells, measured), options.out)


def _made(
    raw: dict[str, Any], table: str, root: Path, subjects: Sequence[str] | None = None
) -> Any:
    """A table from the records of all subjects, or of these alone."""
    from dirgrad.records import schemas

    found = {
        kind: files.read_records(
            (root / path for path in plan.record_paths(raw, subjects)[kind]), schemas.SCHEMAS[kind]
        ).to_pandas()
        for kind in outputs.TABLES[table]
    }
    return import_module(f"dirgrad.analysis.tables.{table}").make(
        found, validation.check(raw, {}).statistics
    )


def _statistics(raw: dict[str, Any]) -> dict[str, Any]:
    return validation.check(raw, {}).statistics.model_dump()


def figure(options: argparse.Namespace) -> None:
    """Draw figures as OUT/NAME.{svg,png,pdf}, from tables or from the records that they need; of several frameworks each alone
    too, as OUT/NAME.FRAMEWORK.svg."""
    raw = validation.load(options.config, options.override)
    known = outputs.figure_specs(raw)
    for name in options.figures:
        if name not in known:
            raise UserError(f"no figure '{name}' in this configuration: {nearest(name, known)}")
    import pandas as pd

    from dirgrad.records import origin
    from dirgrad.report.figures import style

    given = {path.stem: pd.read_csv(path) for path in options.tables}

    def table(name: str, drawing: outputs.FigureSpec) -> pd.DataFrame:
        if name == "landscape":
            return pd.read_parquet(options.records / "landscape.parquet")
        return (
            given[name]
            if name in given
            else _made(
                raw, name, options.records, drawing.subjects if drawing.own_records_only else None
            )
        )

    statistics = _statistics(raw)
    with style.figure_style(statistics["confidence"]):
        for name in options.figures:
            drawing = known[name]
            draw = import_module(f"dirgrad.report.figures.{drawing.module}").draw
            shown = dict.fromkeys(subject.rpartition("/")[2] for subject in drawing.subjects)
            tables = {one: table(one, drawing) for one in drawing.tables}
            told = origin.line(
                origin.from_records(
                    options.records, outputs.figure_records(raw, drawing), statistics
                )
            )
            style.save(draw(tables, *shown), options.out / name, told)
            for backend in outputs.frameworks(raw, drawing):
                alone = style.one_framework(draw, tables, shown, backend)
                style.save(alone, options.out / f"{name}.{backend}", told, style.REPORT_FORMATS)
