"""A table as a page of HTML, which needs nothing else, and as LaTeX with the rules of booktabs."""

from pathlib import Path

import pandas as pd

from dirgrad.records.files import write_atomically
from dirgrad.report.pages import ENVIRONMENT
from dirgrad.report.pages.cells import readable

INTERVAL = "In brackets: the ends of the interval, at the confidence that the configuration gives under statistics."
PAGE_ROWS = 40
"""More do not fit on a page of paper: such a table goes on to the next."""


def write(csv: Path, origin: str) -> None:
    """Beside a CSV file, NAME.html and NAME.tex of the same rows. origin: the line that both carry."""
    # As it was written, so that what is read is what is there.
    table = pd.read_csv(csv)
    for suffix, made in (
        ("html", html(table, csv.stem, origin)),
        ("tex", latex(table, csv.stem, origin)),
    ):
        write_atomically(
            csv.with_suffix(f".{suffix}"),
            lambda part, made=made: part.write_text(made, encoding="utf-8"),
        )  # type: ignore[misc]


def html(table: pd.DataFrame, name: str, origin: str) -> str:
    """A page."""
    columns, shared = readable(table)
    return ENVIRONMENT.get_template("table.html").render(
        name=name,
        head=list(columns),
        rows=columns.to_numpy().tolist(),
        shared=shared,
        about=INTERVAL if _has_intervals(table) else "",
        origin=origin,
    )


def latex(table: pd.DataFrame, name: str, origin: str) -> str:
    """A tabular, or a longtable where the rows are many; needs the packages booktabs and longtable."""
    columns, shared = readable(table)
    long = len(columns) > PAGE_ROWS
    made: str = columns.to_latex(
        index=False, escape=True, longtable=long, column_format="l" * max(columns.shape[1], 1)
    )
    same = "; ".join(f"{name} {' '.join(value.split())}" for name, value in shared.items())
    comments = [
        f"{name}.csv, {len(table)} rows",
        *([f"the same in all rows: {same}"] if same else []),
        origin,
    ]
    return "".join(f"% {line}\n" for line in comments) + made


def _has_intervals(table: pd.DataFrame) -> bool:
    return any(name.endswith("_low") for name in table.columns)
