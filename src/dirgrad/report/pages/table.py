"""Render a table as a self-contained HTML page and as LaTeX with booktabs rules."""

from pathlib import Path

import pandas as pd

from dirgrad.records.csv_tables import read_table
from dirgrad.records.files import write_atomically
from dirgrad.report.pages import ENVIRONMENT
from dirgrad.report.pages.cells import readable

INTERVAL_NOTE = (
    "Brackets show the interval of a value, at the confidence that the configuration sets "
    "under statistics."
)
PAGE_ROWS = 40
"""Number of rows that fit on a printed page; a table with more rows becomes a longtable."""


def write(csv: Path, origin: str) -> None:
    """Write NAME.html and NAME.tex next to the file NAME.csv.

    Args:
        csv: Path of the CSV file.
        origin: Line that says where the rows come from; both files contain it.
    """
    # The rounded CSV file is read, not the table in memory, so that all formats agree.
    table = read_table(csv)
    _write_text(csv.with_suffix(".html"), html(table, csv.stem, origin))
    _write_text(csv.with_suffix(".tex"), latex(table, csv.stem, origin))


def _write_text(path: Path, text: str) -> None:
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def html(table: pd.DataFrame, name: str, origin: str) -> str:
    """Return the table as an HTML page that loads no other file."""
    columns, shared = readable(table)
    return ENVIRONMENT.get_template("table.html").render(
        name=name,
        head=list(columns),
        rows=columns.to_numpy().tolist(),
        shared=shared,
        note=INTERVAL_NOTE if _has_intervals(table) else "",
        origin=origin,
    )


def latex(table: pd.DataFrame, name: str, origin: str) -> str:
    """Return the table as a LaTeX tabular, or as a longtable above `PAGE_ROWS` rows.

    The document must load the packages booktabs and longtable.
    """
    columns, shared = readable(table)
    body: str = columns.to_latex(
        index=False,
        escape=True,
        longtable=len(columns) > PAGE_ROWS,
        column_format="l" * max(columns.shape[1], 1),
    )
    comments = [f"{name}.csv, {len(table)} rows"]
    if shared:
        # A comment must not contain a line break.
        constants = [f"{column} {' '.join(value.split())}" for column, value in shared.items()]
        comments.append(f"constant columns: {'; '.join(constants)}")
    comments.append(origin)
    return "".join(f"% {line}\n" for line in comments) + body


def _has_intervals(table: pd.DataFrame) -> bool:
    return any(name.endswith("_low") for name in table.columns)
